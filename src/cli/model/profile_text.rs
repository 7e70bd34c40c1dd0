//! A training profile in the text of a manifest: everything else stays as somebody wrote it.

use serde::Serialize;

use crate::domain::model::{Manifest, TrainingProfile};

#[derive(Serialize)]
struct OnlyProfile<'a> {
    profile: &'a TrainingProfile,
}

/// The text of a manifest with a profile in place of the one that it may have. `manifest` is what the result must read as.
pub(super) fn with_profile(text: &str, manifest: &Manifest) -> Result<String, String> {
    let profile = manifest.profile.as_ref().ok_or("there is no profile")?;
    let mut kept = String::with_capacity(text.len());
    let mut within_profile = false;
    for line in text.lines() {
        if let Some(table) = table_name(line) {
            within_profile = table == "profile" || table.starts_with("profile.");
        }
        if !within_profile {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let written = toml::to_string(&OnlyProfile { profile }).map_err(|error| error.to_string())?;
    let separator = if kept.trim().is_empty() { "" } else { "\n" };
    let result = format!("{}\n{separator}{written}", kept.trim_end());
    // A line of a text may look like the head of a table.
    let same = toml::from_str::<Manifest>(&result).is_ok_and(|read| read == *manifest);
    if same { Ok(result) } else { Err("cannot be changed in place: write to another file with --out".to_owned()) }
}

/// The name of the table that a line begins; nothing for other lines.
fn table_name(line: &str) -> Option<&str> {
    let name = line.trim_start().strip_prefix('[')?;
    let name = name.strip_prefix('[').unwrap_or(name);
    name.split(']').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::NumberProfile;

    const TEXT: &str = "# Mine.\ntitle = 'a'\nkind = 'generic' # for now\n\n[card]\nowner = 'me'\n";

    fn profiled(text: &str, rows: u64) -> Manifest {
        let scores = NumberProfile { below: vec![0.5], rows: vec![rows, 0] };
        let profile = Some(TrainingProfile { rows, scores, features: Vec::new() });
        Manifest { profile, ..toml::from_str(text).unwrap() }
    }

    #[test]
    fn the_rest_of_the_manifest_stays_as_it_is() {
        let once = with_profile(TEXT, &profiled(TEXT, 3)).unwrap();
        assert!(once.starts_with(TEXT.trim_end()), "{once}");
        // Again, with other counts: the old profile goes, and what stands after it stays.
        let longer = format!("{once}\n[[features]]\nname = 'age'\nkind = 'number'\n");
        let again = with_profile(&longer, &profiled(&longer, 4)).unwrap();
        assert!(again.contains("name = 'age'") && again.contains("rows = 4") && !again.contains("rows = 3"), "{again}");
        assert_eq!(with_profile(&again, &profiled(&longer, 4)).unwrap(), again);
    }

    #[test]
    fn a_text_that_looks_like_a_profile_is_not_cut() {
        let text = "title = 'a'\nkind = 'generic'\n[card]\nlimitations = \"\"\"\n[profile]\n\"\"\"\n";
        assert!(with_profile(text, &profiled(text, 3)).unwrap_err().contains("--out"));
        let inline = "title = 'a'\nkind = 'generic'\nprofile = { rows = 1, scores = { below = [], rows = [1] } }\n";
        assert!(with_profile(inline, &profiled(inline, 3)).is_err());
    }
}
