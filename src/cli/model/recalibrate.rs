//! `riskport model recalibrate`.

use prost_types::Timestamp;

use super::{
    Client,
    show::{short, stage},
    version,
};
use crate::{
    cli::{Failure, refused, say, time::moment},
    rpc::proto::risk::{
        CalibrationMethod, RecalibrateModelRequest, RecalibrateModelResponse, calibration::Method as Fitted,
    },
};

/// Fit a calibration to the outcomes that were reported, and store it as a new version
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The newest decisions of the version with a reported outcome are predicted again, at most 50,000.
The version that is there stays as it is, and the new one decides nothing until it is promoted.
Points and reasons stay the same; only the probability changes.

platt      an intercept and a slope; 20 bad and 20 good outcomes at least
isotonic   levels that only keep the order; 1,000 outcomes at least, not for a scorecard
intercept  an intercept alone, for when there are more or fewer bad ones than before; 10 of each

Examples:
  riskport model recalibrate my-risk/1 --method platt --key north.pem --as north-bank
  riskport model recalibrate my-risk/1 --method intercept --from 2026-01-01 --to 2026-07-01 \\
      --key north.pem --as north-bank"
)]
pub(super) struct Recalibrate {
    /// The version: NAME/VERSION, one of your own
    #[arg(value_parser = version)]
    name: String,
    /// What to fit
    #[arg(long)]
    method: Method,
    /// Only decisions made then or later: a day in UTC, or a time [default: all]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only decisions made before: a day in UTC, or a time [default: all]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    to: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Method {
    Platt,
    Isotonic,
    Intercept,
}

impl Recalibrate {
    pub(super) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let method = match self.method {
            Method::Platt => CalibrationMethod::Platt,
            Method::Isotonic => CalibrationMethod::Isotonic,
            Method::Intercept => CalibrationMethod::Intercept,
        };
        let request = RecalibrateModelRequest {
            name: self.name.clone(),
            method: method as i32,
            start_time: self.from,
            end_time: self.to,
        };
        let made = client.recalibrate_model(request).await.map_err(|status| refused(&status))?.into_inner();
        say(&told(&short(&self.name), &made))
    }
}

/// What was made, for a person.
fn told(old: &str, made: &RecalibrateModelResponse) -> String {
    let version = made.version.clone().unwrap_or_default();
    let name = short(&version.name);
    let calibration = version.manifest.and_then(|manifest| manifest.calibration).and_then(|one| one.method);
    let fitted = match calibration {
        Some(Fitted::Platt(platt)) => {
            format!("1 / (1 + exp(-({:.6} + {:.6} x raw output)))", platt.intercept, platt.slope)
        }
        Some(Fitted::Isotonic(isotonic)) => format!("on lines between {} points", isotonic.points.len()),
        None => String::new(),
    };
    let (model, number) = name.split_once('/').unwrap_or_default();
    let next = if version.reference_rows > 0 {
        format!(
            "next: riskport model traffic {model} --shadow {number}      to see it on later outcomes\n      \
             riskport model promote {name}"
        )
    } else {
        format!("next: {old} came without reference rows; ValidateModelVersion takes some, then {name} can be promoted")
    };
    format!(
        "{name} is {}: the model of {old} with another calibration\n  probability     {fitted}\n  fitted on       {} \
         labelled decisions, {} of them bad\n  Brier score     {:.6} before, {:.6} after: on the same decisions, so that \
         it flatters\n{next}",
        stage(version.stage),
        made.fitted_on,
        made.bad,
        made.brier_before,
        made.brier_after,
    )
}
