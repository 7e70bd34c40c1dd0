//! `riskport policy features`: what conditions can name.

use super::{Client, show::table};
use crate::{
    cli::{Failure, refused, say},
    domain::fraud::EntityKind,
    rpc::proto::fraud::{Feature, ListFeaturesRequest},
};

/// The windows that names end in.
const WINDOWS: [&str; 6] = ["1m", "10m", "1h", "24h", "7d", "30d"];

/// List the features of events, with their types and meanings
#[derive(Debug, clap::Args)]
#[command(after_help = "A condition names a feature as f.NAME. Features that differ in their window only share a line.

Examples:
  riskport policy features --key north.pem --as north-bank                     What kinds there are
  riskport policy features --like card_count --key north.pem --as north-bank
  riskport policy features --like 'fraud became known' --key north.pem --as north-bank")]
pub(super) struct Features {
    /// Only those with this text in their name or meaning
    #[arg(long, value_name = "TEXT", conflicts_with = "all")]
    like: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

impl Features {
    pub(super) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let listed = client.list_features(ListFeaturesRequest {}).await.map_err(|status| refused(&status))?;
        let features = listed.into_inner().features;
        if self.like.is_none() && !self.all {
            return overview(&features);
        }
        let total = features.len();
        let text = self.like.unwrap_or_default().to_lowercase();
        let has =
            |one: &Feature| one.name.to_lowercase().contains(&text) || one.description.to_lowercase().contains(&text);
        let found: Vec<Feature> = features.into_iter().filter(has).collect();
        if !found.is_empty() {
            let mut table = table(&["FEATURE", "TYPE", "MEANING"]);
            for (name, of, meaning) in lines(&found) {
                table.add_row([name, of, meaning]);
            }
            say(&format!("{}\n", table.trim_fmt()))?;
        }
        say(&format!("{} of {total} features", found.len()))
    }
}

/// How many features there are of what, with one of each.
fn overview(features: &[Feature]) -> Result<(), Failure> {
    let mut table = table(&["ABOUT", "FEATURES", "FOR EXAMPLE", "MEANING"]);
    for of in features.chunk_by(|one, other| group(&one.name) == group(&other.name)) {
        let Some(first) = of.first() else { continue };
        table.add_row([group(&first.name), &of.len().to_string(), &first.name, &first.description]);
    }
    say(&format!("{}\n\n{} features: name some with --like TEXT, or --all", table.trim_fmt(), features.len()))
}

/// What a feature is about: a kind of entity, or something else.
fn group(name: &str) -> &str {
    let word = name.split('_').next().unwrap_or_default();
    let entity = EntityKind::from_name(word).is_some() && !name.ends_with("_other_accounts");
    match word {
        _ if entity => word,
        "identity" => "identity",
        "cluster" | "hops" => "relations",
        _ if name.ends_with("_other_accounts") => "identity",
        _ => "event",
    }
}

/// Name, type and meaning; neighbours that differ in their window only become one line.
fn lines(features: &[Feature]) -> Vec<(String, String, String)> {
    let families = features.chunk_by(|one, other| stem(one).is_some() && stem(one) == stem(other));
    families.filter_map(|family| Some(line(family.first()?, family))).collect()
}

fn line(first: &Feature, family: &[Feature]) -> (String, String, String) {
    let of = first.r#type.clone();
    match stem(first) {
        Some((name, meaning)) if family.len() > 1 => {
            let windows: Vec<&str> = family.iter().filter_map(|one| one.name.rsplit('_').next()).collect();
            (format!("{name}_{{{}}}", windows.join(",")), of, format!("{meaning} within that"))
        }
        _ if first.values.is_empty() => (first.name.clone(), of, first.description.clone()),
        _ => (first.name.clone(), of, format!("{}: {}", first.description, first.values.join(", "))),
    }
}

/// The name and meaning of a feature without its window, if it has one.
fn stem(feature: &Feature) -> Option<(&str, &str)> {
    let (name, window) = feature.name.rsplit_once('_')?;
    let meaning = feature.description.strip_suffix(window)?.strip_suffix(" within ")?;
    WINDOWS.contains(&window).then_some((name, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, description: &str) -> Feature {
        let (name, description) = (name.to_owned(), description.to_owned());
        Feature { name, r#type: "int".to_owned(), values: Vec::new(), description }
    }

    #[test]
    fn windows_share_a_line() {
        let features = [
            feature("card_count_1m", "events of the card within 1m"),
            feature("card_count_10m", "events of the card within 10m"),
            feature("card_is_new", "no event of the card in 30 days"),
            feature("card_device_count_30d", "events of the card with this device within 30d"),
        ];
        let lines = lines(&features);
        let names: Vec<&str> = lines.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["card_count_{1m,10m}", "card_is_new", "card_device_count_30d"]);
        assert_eq!(lines[0].2, "events of the card within that");
        assert_eq!(lines[2].2, "events of the card with this device within 30d");
    }
}
