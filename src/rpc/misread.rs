//! A request that is wrong, before its features were held against a model.

use crate::{
    domain::{
        features::Features,
        ids::{ModelId, TenantId},
        refusal::{Refusal, Violations},
    },
    ops::{self, App},
};

/// Whose schema a request's features are to be held against.
pub(super) enum Schema {
    /// A model's.
    Of(ModelId),
    /// The default model's for credit.
    Default,
    /// None: the model's name itself is wrong.
    Unknown,
}

/// A request with something wrong in it.
pub(super) struct Misread {
    /// What is wrong with it.
    pub violations: Violations,
    /// What its features belong to.
    pub schema: Schema,
    /// Its features, those that could be read.
    pub features: Features,
}

impl Misread {
    /// Why the request is refused: what is wrong with its features for the model is told with the rest, so that the caller
    /// learns all at once.
    pub(super) async fn refusal(self, app: &App, tenant: &TenantId) -> Refusal {
        let Self { mut violations, schema, features } = self;
        let misfits = match &schema {
            Schema::Of(model) => ops::feature_misfits(app, tenant, Some(model), &features).await,
            Schema::Default => ops::feature_misfits(app, tenant, None, &features).await,
            Schema::Unknown => Violations::default(),
        };
        violations.join(misfits);
        Refusal::Invalid(violations)
    }
}
