//! A rate plan as a TOML file.

use std::{fs, path::Path};

use crate::{
    cli::Failure,
    domain::{pricing::RatePlanSpec, refusal::Violations},
    engine::CompiledPlan,
};

/// Reads a plan, as it is written.
pub(super) fn read(path: &Path) -> Result<RatePlanSpec, Failure> {
    let name = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Failure::new(format!("cannot read the plan {name}: {error}")))?;
    let spec = toml::from_str(&text).map_err(|error| error.to_string());
    spec.map_err(|error| Failure::new(format!("{name} is no rate plan: {}", error.trim_end())))
}

/// Makes a plan ready to price, or says everything that is wrong with it.
pub(super) fn compile(path: &Path, spec: &RatePlanSpec) -> Result<CompiledPlan, Failure> {
    CompiledPlan::compile(spec).map_err(|violations| faults(&path.display().to_string(), &violations))
}

/// What is wrong with a plan that a person knows as `what`.
fn faults(what: &str, violations: &Violations) -> Failure {
    let fault = |one: &crate::domain::refusal::Violation| {
        let field = one.field.strip_prefix("spec.").unwrap_or(&one.field);
        format!("  {field}: {}", one.description)
    };
    let faults: Vec<String> = violations.as_slice().iter().map(fault).collect();
    let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
    Failure::new(format!("{what} cannot be used, {count}:\n{}", faults.join("\n")))
}
