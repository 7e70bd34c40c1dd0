//! Another calibration in a scorecard file.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Where the two figures of the calibration stand.
#[derive(Deserialize)]
struct Places<'a> {
    #[serde(borrow)]
    calibration: Figures<'a>,
}

#[derive(Deserialize)]
struct Figures<'a> {
    #[serde(borrow)]
    intercept: &'a RawValue,
    #[serde(borrow)]
    slope: &'a RawValue,
}

/// A scorecard file with other figures in its calibration: added to the log odds of good, and times them. Every other byte
/// stays as it is, so that a person sees in a comparison what was changed. Nothing when the text is no scorecard.
pub(in crate::engine) fn with_calibration(file: &str, intercept: f64, slope: f64) -> Option<String> {
    let places: Places = serde_json::from_str(file).ok()?;
    let at = |figure: &RawValue| figure.get().as_ptr().addr().checked_sub(file.as_ptr().addr());
    let Figures { intercept: old_intercept, slope: old_slope } = places.calibration;
    let mut figures = [(at(old_intercept)?, old_intercept, intercept), (at(old_slope)?, old_slope, slope)];
    figures.sort_by_key(|(at, _, _)| *at);
    let (mut rewritten, mut from) = (String::with_capacity(file.len()), 0);
    for (at, old, new) in figures {
        rewritten.push_str(file.get(from..at)?);
        rewritten.push_str(&serde_json::to_string(&new).ok()?);
        from = at + old.get().len();
    }
    rewritten.push_str(file.get(from..)?);
    Some(rewritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_figures_change_and_nothing_else() {
        let file = "{ \"b\": 1.50, \"calibration\" : {\"slope\":1.0e0 , \"why\": \"中\", \"intercept\": -0},\n \"a\": [1e400]}\n";
        let expected = "{ \"b\": 1.50, \"calibration\" : {\"slope\":0.1 , \"why\": \"中\", \"intercept\": -2.5},\n \"a\": [1e400]}\n";
        assert_eq!(with_calibration(file, -2.5, 0.1).unwrap(), expected);
        assert_eq!(with_calibration("{\"calibration\": {\"slope\": 1}}", 0.0, 1.0), None);
    }
}
