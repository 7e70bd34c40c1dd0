//! A rate plan that is ready to price: exact arithmetic from a risk to a price in whole minor units.
//!
//! Everything that depends on the risk is a piecewise polynomial with rational coefficients (`polynomial`). The same
//! polynomials decide, once, that the price never falls when the risk rises (`monotone`), and give each price
//! (`insurance`, `loan`): what was decided is what is computed. Integers of any size, so that nothing overflows and nothing
//! is rounded but the price itself, once, and then its terms (`apportion`).

mod apportion;
mod apr;
mod curves;
mod insurance;
mod loan;
mod monotone;
mod plan;
mod polynomial;
mod schedule;

pub use apr::annual_percentage_rate;
pub use plan::CompiledPlan;
pub use schedule::Amortisation;

/// The version of the arithmetic of prices. It stands on every quote whose risk came from a decision.
pub const PRICING_VERSION: &str = "pricing/1";
