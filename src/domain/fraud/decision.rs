//! What is done with an event.

named!(
    /// What to do with an event, from the mildest to the most severe.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    FraudDecision {
        /// Let it through.
        Allow = "allow",
        /// Ask the customer for more: a code, a picture, a password.
        Challenge = "challenge",
        /// Let a person look at it.
        Review = "review",
        /// Stop it.
        Deny = "deny",
    }
);
