//! The challenger: a `LightGBM` model that the operator uploads as the next version of the built-in one, and that scores
//! every client in its shadow.

use std::path::Path;

use comfy_table::Cell;

use super::{
    bank::{self, Scored},
    platform::operator_key,
    statistics::{Observation, Separation, count, separation},
    tables::{held_out_of_scorecard, number},
};
use crate::{
    cli::{
        Failure,
        model::push::{Upload, bundled},
        refused,
        style::{Style, paragraph},
    },
    domain::model::Manifest,
    rpc::proto::risk::{SetModelTrafficRequest, risk_model_service_client::RiskModelServiceClient},
};

const FILE: &[u8] = include_bytes!("../../../models/challenger/model.txt");
const MANIFEST: &str = include_str!("../../../models/challenger/manifest.toml");
const REFERENCE: &str = include_str!("../../../models/challenger/reference.csv");
/// The built-in model, which every tenant may use.
pub(super) const MODEL: &str = "models/card-behaviour";

/// The challenger as the platform took it in.
pub(super) struct Challenger {
    /// As a command line takes it: `card-behaviour/2`.
    pub(super) name: String,
    /// How many reference rows it reproduced.
    pub(super) reference_rows: i64,
    manifest: Manifest,
}

/// Uploads it as the operator, and puts it in the champion's shadow.
pub(super) async fn upload(url: &str, folder: &Path) -> Result<Challenger, Failure> {
    let (manifest, rows) = bundled(MANIFEST, REFERENCE)?;
    let mut models = RiskModelServiceClient::new(bank::connect(url, "operator", operator_key(folder)).await?);
    let upload =
        Upload { model: MODEL.to_owned(), manifest: &manifest, file: FILE.to_vec(), rows: &rows, tolerance: 0.0 };
    let version = upload.send(&mut models).await?;
    let number: i64 = version.name.rsplit('/').next().unwrap_or_default().parse()?;
    let request =
        SetModelTrafficRequest { model: MODEL.to_owned(), shadow_versions: vec![number], ..Default::default() };
    models.set_model_traffic(request).await.map_err(|status| refused(&status))?;
    let name = format!("{}/{number}", MODEL.trim_start_matches("models/"));
    Ok(Challenger { name, reference_rows: version.reference_rows, manifest })
}

impl Challenger {
    /// AUC and KS of both on this sample, beside those on all held-out clients.
    pub(super) fn beside_champion(&self, scored: &[Scored], style: &Style) -> Result<String, Failure> {
        let champion: Vec<Observation> = scored.iter().map(|one| observed(one, one.reply.score)).collect();
        let shadow: Vec<Observation> = scored.iter().map(|one| observed(one, one.shadow_score)).collect();
        let (held_out_rows, held_out) = held_out_of_scorecard()?;
        let mut table = style.table(&["version", "what it is", "stage", "AUC", "KS", "AUC*", "KS*"]);
        for (name, what, stage, observations, held_out) in [
            (self.champion(), "scorecard", "champion", &champion, held_out),
            (self.name.clone(), "LightGBM", "shadow", &shadow, self.held_out()?),
        ] {
            let here = measured(observations)?;
            let figures = [here.auc, here.ks, held_out.auc, held_out.ks].map(|one| number(format!("{one:.3}")));
            table.add_row([Cell::new(name), Cell::new(what), Cell::new(stage)].into_iter().chain(figures));
        }
        let legend = format!(
            "AUC and KS on this sample: {} clients, {} defaulted, too few to tell such models apart. (*) On all \
             {held_out_rows} clients that neither was trained on: models/README.md.",
            champion.len(),
            count(&champion).defaulted,
        );
        let title = style.bold("Champion and challenger, side by side on the same clients");
        let next = format!("To put the challenger in charge: riskport model promote {}", self.name);
        Ok(format!("{title}\n{}\n  {}\n  {next}", table.trim_fmt(), paragraph(&legend, 2)))
    }

    /// The version that it would take the place of.
    fn champion(&self) -> String {
        format!("{}/1", self.name.split('/').next().unwrap_or_default())
    }

    fn held_out(&self) -> Result<Separation, Failure> {
        let figure = |name: &str| {
            let found = self.manifest.card.metrics.iter().find(|one| one.name == name);
            found.map(|one| one.value).ok_or_else(|| Failure::new(format!("the challenger's card has no {name:?}")))
        };
        Ok(Separation { auc: figure("AUC, held out")?, ks: figure("KS, held out")? })
    }
}

fn observed(one: &Scored, score: i32) -> Observation {
    Observation { score, defaulted: one.client.defaulted }
}

fn measured(observations: &[Observation]) -> Result<Separation, Failure> {
    separation(observations).ok_or_else(|| Failure::new("a sample with both outcomes is needed for an AUC"))
}
