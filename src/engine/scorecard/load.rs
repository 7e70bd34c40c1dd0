//! Loads a scorecard: every rule that scoring relies on is checked here, once.

use super::file::{Attribute, Band, Calibration, Characteristic, FORMAT, File, Kind, MissingPolicy, Scaling, Target};
use crate::{
    domain::{ids::ModelId, model::ReasonText, text},
    engine::LoadError,
    vault,
};

/// The largest file that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// The most characteristics of a scorecard, and the most attributes of a characteristic.
const MAX_PARTS: usize = 256;
/// The most points an attribute or the base may have, so that sums of them cannot overflow.
const MAX_POINTS: u32 = 1_000_000;
/// The largest figure of the scaling and the calibration, and its inverse the smallest that must be above 0: far beyond
/// what a scorecard has, and near enough that no probability becomes a NaN on the way.
const MAX_FIGURE: f64 = 1e9;

/// A points scorecard that has been checked and can score.
#[derive(Debug)]
pub struct Scorecard {
    /// The model.
    pub model: ModelId,
    /// Its version.
    pub version: i64,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// Its name for people.
    pub title: String,
    /// What its probability is a probability of.
    pub target: Target,
    /// How points and odds hang together.
    pub scaling: Scaling,
    pub(super) base_points: i32,
    pub(super) calibration: Calibration,
    pub(super) bands: Vec<Band>,
    pub(super) characteristics: Vec<Binned>,
}

/// A characteristic, ready to find a value's attribute.
#[derive(Debug)]
pub(super) struct Binned {
    pub name: String,
    /// What it means, with its unit; empty when the file does not say.
    pub description: String,
    pub reason: ReasonText,
    pub range: (f64, f64),
    pub bins: Bins,
    /// Points of a missing value; nothing when a missing value is refused.
    pub missing: Option<i32>,
    /// The points of the best attribute.
    pub best: i32,
}

/// The attributes of a characteristic.
#[derive(Debug)]
pub(super) enum Bins {
    /// Upper bounds in rising order, each with the points of a value below it; the last bound is infinite.
    Number(Vec<(f64, i32)>),
    /// Values in the file's order, each with its points.
    Category(Vec<(String, i32)>),
    /// Points of false and of true.
    Flag(i32, i32),
}

impl Scorecard {
    /// Reads a scorecard file and checks all of it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        if bytes.len() > MAX_BYTES {
            return Err(LoadError::Form(format!("it has more than {MAX_BYTES} bytes")));
        }
        // As text first: the parser would let other bytes pass in members that it skips.
        let text =
            std::str::from_utf8(bytes).map_err(|error| LoadError::Form(format!("not a scorecard file: {error}")))?;
        let file: File =
            serde_json::from_str(text).map_err(|error| LoadError::Form(format!("not a scorecard file: {error}")))?;
        if file.format != FORMAT {
            return Err(rule("format", "must be riskport.scorecard/1"));
        }
        check_scaling(&file)?;
        check_bands(&file)?;
        if file.characteristics.is_empty() || file.characteristics.len() > MAX_PARTS {
            return Err(rule("characteristics", "must be 1 to 256"));
        }
        for (at, one) in file.characteristics.iter().enumerate() {
            let earlier = &file.characteristics[..at];
            if earlier.iter().any(|other| other.name == one.name || other.reason.code == one.reason.code) {
                return Err(rule(&one.name, "its name or reason code stands twice"));
            }
        }
        Ok(Self {
            model: ModelId::parse(&file.model)
                .map_err(|_| rule("model", "must be lower-case letters, digits and -"))?,
            version: file.version,
            digest: vault::hex(&vault::sha256(&[bytes])),
            title: file.title,
            target: file.target,
            scaling: file.scaling,
            base_points: file.base_points,
            calibration: file.calibration,
            bands: file.bands,
            characteristics: file.characteristics.into_iter().map(binned).collect::<Result<_, _>>()?,
        })
    }

    /// The model's version as a resource name.
    #[must_use]
    pub fn version_name(&self) -> String {
        format!("models/{}/versions/{}", self.model, self.version)
    }

    /// The names of its bands, best first.
    pub fn bands(&self) -> impl Iterator<Item = &str> {
        self.bands.iter().map(|band| band.band.as_str())
    }
}

fn rule(part: &str, rule: &'static str) -> LoadError {
    LoadError::rule(part, rule)
}

fn check_scaling(file: &File) -> Result<(), LoadError> {
    let scaling = &file.scaling;
    if file.product != "credit" {
        return Err(rule("product", "must be credit"));
    }
    if file.version < 1 {
        return Err(rule("version", "must be at least 1"));
    }
    if text::plain(&file.title, 1, 200).is_err() {
        return Err(rule("title", "must have 1 to 200 characters"));
    }
    let positive = [scaling.base_odds, scaling.pdo, file.calibration.slope];
    if !positive.iter().all(|number| (1.0 / MAX_FIGURE..=MAX_FIGURE).contains(number)) {
        return Err(rule("scaling", "base_odds, pdo and the calibration's slope must be above 0 and at most 1e9"));
    }
    if [scaling.base_score, file.calibration.intercept].iter().any(|number| number.abs() > MAX_FIGURE) {
        return Err(rule("scaling", "base_score and the calibration's intercept must be at most 1e9"));
    }
    let bounds = [scaling.min_score, scaling.max_score];
    if scaling.min_score >= scaling.max_score || bounds.iter().any(|score| score.unsigned_abs() > MAX_POINTS) {
        return Err(rule("scaling", "min_score must be below max_score, both at most a million"));
    }
    if file.base_points.unsigned_abs() > MAX_POINTS {
        return Err(rule("base_points", "must be at most a million"));
    }
    if !(1..=1_200).contains(&file.target.horizon_months) || text::plain(&file.target.definition, 1, 1_000).is_err() {
        return Err(rule("target", "must have a definition and a horizon of 1 to 1200 months"));
    }
    Ok(())
}

fn check_bands(file: &File) -> Result<(), LoadError> {
    let falling = file.bands.windows(2).all(|pair| pair[0].min_score > pair[1].min_score);
    let complete = file.bands.last().is_some_and(|last| last.min_score == file.scaling.min_score);
    let named = file.bands.iter().all(|band| text::token(&band.band, 1, 16, "+-").is_ok());
    if falling && complete && named {
        Ok(())
    } else {
        Err(rule("bands", "must be named, fall from best to worst, and end at min_score"))
    }
}

fn binned(from: Characteristic) -> Result<Binned, LoadError> {
    let part = from.name.clone();
    let fail = |text| Err(rule(&part, text));
    if text::token(&from.name, 1, 64, "_").is_err() || text::token(&from.reason.code, 1, 64, "_").is_err() {
        return fail("its name and reason code must be 1 to 64 of letters, digits and _");
    }
    // The answer gives such a code to missing values; a second meaning would break the promise that codes are unique.
    if from.reason.code.ends_with(ReasonText::MISSING_SUFFIX)
        || from.reason.code.bytes().any(|byte| byte.is_ascii_lowercase())
    {
        return fail("its reason code must be in capitals and must not end in _MISSING");
    }
    if [&from.reason.en, &from.reason.zh].into_iter().any(|sentence| text::plain(sentence, 1, 300).is_err()) {
        return fail("its reason must have a sentence in English and in Chinese, of at most 300 characters");
    }
    if from.attributes.len() > MAX_PARTS || from.attributes.iter().any(|one| one.points.unsigned_abs() > MAX_POINTS) {
        return fail("it has more than 256 attributes, or more than a million points");
    }
    let (missing_attributes, present): (Vec<&Attribute>, Vec<&Attribute>) =
        from.attributes.iter().partition(|one| one.missing);
    let missing = match (from.missing, missing_attributes.as_slice()) {
        (MissingPolicy::Refuse, []) => None,
        (MissingPolicy::Attribute, [one]) => Some(one.points),
        _ => {
            return fail(
                "it must have one attribute for missing values if these are not refused, and none if they are",
            );
        }
    };
    let range = (from.min.unwrap_or(f64::NEG_INFINITY), from.max.unwrap_or(f64::INFINITY));
    if range.0.is_nan() || range.1.is_nan() || range.0 > range.1 {
        return fail("its min must not be above its max");
    }
    let Some(best) = from.attributes.iter().map(|one| one.points).max() else { return fail("it has no attributes") };
    if missing_attributes.iter().any(|one| one.below.is_some() || !one.values.is_empty()) {
        return fail("its attribute for missing values must not have values");
    }
    let bins = match from.kind {
        Kind::Number => number_bins(&present, range),
        Kind::Category => category_bins(&present),
        Kind::Flag => flag_bins(&present),
    };
    let Some(bins) = bins else { return fail("its attributes do not fit its type, overlap, or leave values out") };
    let description = description_of(&from);
    let super::file::ReasonText { code, en, zh } = from.reason;
    Ok(Binned { name: from.name, description, reason: ReasonText { code, en, zh }, range, bins, missing, best })
}

/// The file's description and unit, as far as an answer can show them.
fn description_of(from: &Characteristic) -> String {
    let part = |of: &serde_json::Value| of.as_str().unwrap_or_default().to_owned();
    let description = match (part(&from.description), part(&from.unit)) {
        (description, unit) if unit.is_empty() => description,
        (description, unit) if description.is_empty() => unit,
        (description, unit) => format!("{description} In {unit}."),
    };
    text::plain(&description, 0, 300).unwrap_or_default()
}

/// Bounds rise within the range, and the last attribute alone has none. So every attribute can be reached, and the best
/// one is what an applicant's points are held against.
fn number_bins(attributes: &[&Attribute], (min, max): (f64, f64)) -> Option<Bins> {
    let (last, bounded) = attributes.split_last()?;
    let mut bins = Vec::with_capacity(attributes.len());
    for one in bounded {
        let below = one.below.filter(|below| min < *below && *below <= max)?;
        if !one.values.is_empty() || bins.last().is_some_and(|(before, _)| *before >= below) {
            return None;
        }
        bins.push((below, one.points));
    }
    (last.below.is_none() && last.values.is_empty()).then_some(())?;
    bins.push((f64::INFINITY, last.points));
    Some(Bins::Number(bins))
}

/// There is an attribute, each has values that a request can send, and no value stands twice.
fn category_bins(attributes: &[&Attribute]) -> Option<Bins> {
    let mut bins: Vec<(String, i32)> = Vec::new();
    for one in attributes {
        if one.below.is_some() || one.values.is_empty() {
            return None;
        }
        for value in &one.values {
            let sendable = text::plain(value, 1, 64).is_ok();
            if !sendable || bins.len() >= MAX_PARTS || bins.iter().any(|(known, _)| known == value) {
                return None;
            }
            bins.push((value.clone(), one.points));
        }
    }
    (!bins.is_empty()).then_some(Bins::Category(bins))
}

/// One attribute for `false` and one for `true`.
fn flag_bins(attributes: &[&Attribute]) -> Option<Bins> {
    let points = |flag: &str| attributes.iter().find(|one| one.values == [flag]).map(|one| one.points);
    match attributes {
        [one, other] if one.below.is_none() && other.below.is_none() => {
            Some(Bins::Flag(points("false")?, points("true")?))
        }
        _ => None,
    }
}
