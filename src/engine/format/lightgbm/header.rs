//! The head of the file: what the inputs are, and what the sum of the trees means.

use super::Lines;
use crate::engine::{
    LoadError,
    parsed::{Input, Link, MAX_INPUTS},
};

/// What the head says.
pub(super) struct Header {
    pub inputs: Vec<Input>,
    /// The inputs that the training data had as categories: those that a split may test for membership.
    pub categorical: Vec<usize>,
    pub link: Link,
    /// Whether the trees are averaged, as in a random forest.
    pub average: bool,
}

impl Header {
    pub fn read(lines: &mut Lines<'_>) -> Result<Self, LoadError> {
        let keys = [
            "version",
            "num_class",
            "num_tree_per_iteration",
            "max_feature_idx",
            "objective",
            "average_output",
            "feature_names",
            "feature_infos",
        ];
        let ends = |line: &str| line.starts_with("Tree=") || line == "end of trees";
        let [version, classes, per_iteration, last, objective, average, names, infos] =
            lines.fields("header", keys, ends)?;
        if !matches!(version, Some("v3" | "v4")) {
            return Err(LoadError::Unsupported("LightGBM text of a version other than v3 and v4".to_owned()));
        }
        if classes != Some("1") || per_iteration.is_some_and(|count| count != "1") {
            return Err(LoadError::Unsupported("a LightGBM model with several classes".to_owned()));
        }
        let last: usize = last
            .and_then(|last| last.parse().ok())
            .filter(|last| *last < MAX_INPUTS)
            .ok_or_else(|| LoadError::rule("max_feature_idx", "must be 0 to 4095"))?;
        let inputs: Vec<Input> = names
            .unwrap_or_default()
            .split(' ')
            .take(MAX_INPUTS + 1)
            .map(|name| Input { name: name.to_owned(), categories: None })
            .collect();
        let infos: Vec<&str> = infos.unwrap_or_default().split(' ').take(MAX_INPUTS + 1).collect();
        if inputs.len() != last + 1 || infos.len() != last + 1 {
            return Err(LoadError::rule("feature_names, feature_infos", "must have one for each feature"));
        }
        // A range is `[1:2]`, a feature that no split can use is `none`, categories are `0:1:2`.
        let is_categorical = |info: &str| info != "none" && !info.starts_with('[');
        let categorical = (0..infos.len()).filter(|at| is_categorical(infos[*at])).collect();
        Ok(Self { inputs, categorical, link: link(objective)?, average: average.is_some() })
    }
}

/// What `LightGBM`'s objectives do to the raw score. A model trained with an objective of the partner's own has none in
/// its file, and predicts the raw score.
fn link(objective: Option<&str>) -> Result<Link, LoadError> {
    let Some(objective) = objective else { return Ok(Link::Identity) };
    let mut words = objective.split(' ');
    let name = words.next().unwrap_or_default();
    match name {
        "binary" => {
            let given = words.find_map(|word| word.strip_prefix("sigmoid:")).unwrap_or("1");
            let steepness = given.parse().ok().filter(|steepness: &f64| steepness.is_finite() && *steepness > 0.0);
            let steepness = steepness.ok_or_else(|| LoadError::rule("objective", "sigmoid must be above 0"))?;
            Ok(Link::Logistic { steepness })
        }
        "cross_entropy" => Ok(Link::Logistic { steepness: 1.0 }),
        "poisson" | "gamma" | "tweedie" => Ok(Link::Exp),
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg"
        | "custom" => {
            if words.any(|word| word == "sqrt") {
                return Err(LoadError::Unsupported(format!("the LightGBM objective {name} with sqrt")));
            }
            Ok(Link::Identity)
        }
        _ => {
            let name: String = name.chars().take(40).collect();
            Err(LoadError::Unsupported(format!("the LightGBM objective {name:?}")))
        }
    }
}
