//! Tokens that are bound to a client's certificate (RFC 8705): worth nothing to whoever steals them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::token::TokenFault;

/// SHA-256 of a client's certificate in DER, as the TLS connection showed it; never what a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thumbprint(pub [u8; 32]);

impl Thumbprint {
    /// The claim `cnf` of a token that is bound to the certificate.
    #[must_use]
    pub fn claim(&self) -> Value {
        json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(self.0) })
    }

    /// Reads the claim `cnf` (RFC 7800): an object with `x5t#S256` and nothing else, for whatever else it asks for would not
    /// be looked at.
    pub(super) fn from_claim(cnf: &Value) -> Result<Self, TokenFault> {
        let members = cnf.as_object().filter(|members| members.len() == 1).ok_or(TokenFault::Claims)?;
        let text = members.get("x5t#S256").and_then(Value::as_str).ok_or(TokenFault::Claims)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Claims)?;
        bytes.try_into().map(Self).map_err(|_| TokenFault::Claims)
    }
}
