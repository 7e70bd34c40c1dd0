//! What a check found, and all of it as text and as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::cli::{Failure, style::Style};

/// How bad it is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It serves, and somebody should look at it.
    Warn,
    /// It does not serve, or would lose something.
    Fail,
}

/// What one check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    pub(super) verdict: Verdict,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), next: None }
    }

    pub(super) fn warn(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.into(), next: Some(next.into()) }
    }

    pub(super) fn fail(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, found: found.into(), next: Some(next.into()) }
    }
}

/// All that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    verdict: Verdict,
    checks: Vec<Finding>,
}

impl Report {
    pub(super) fn new(checks: Vec<Finding>) -> Self {
        let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok);
        Self { verdict, checks }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// A line for each check, with what to do next below it.
    pub(super) fn text(&self, style: &Style) -> String {
        let mut text = String::new();
        for Finding { check, verdict, found, next } in &self.checks {
            let mark = match verdict {
                Verdict::Ok => "ok  ".to_owned(),
                Verdict::Warn => style.bold("warn"),
                Verdict::Fail => style.bad("FAIL"),
            };
            let _ = writeln!(text, "{mark}  {check:<17} {found}");
            if let Some(next) = next {
                let _ = writeln!(text, "{:>23} next: {next}", "");
            }
        }
        text + &self.verdict()
    }

    pub(super) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// The last line: how many checks found what.
    pub(super) fn verdict(&self) -> String {
        let count = |verdict: Verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let (all, warned, failed) = (self.checks.len(), count(Verdict::Warn), count(Verdict::Fail));
        let word = match self.verdict {
            Verdict::Ok => "healthy",
            Verdict::Warn => "serves, with something to look at",
            Verdict::Fail => "not fit to serve",
        };
        format!("{word}: {all} checks, {warned} to look at, {failed} failed")
    }
}
