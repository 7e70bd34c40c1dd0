//! What a customer is doing when an event is checked.

use std::fmt;

use crate::domain::text;

/// The kind of event. A partner's own begin with `x-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scene {
    /// Money leaves a card or an account for goods.
    Payment,
    /// Somebody signs in.
    Login,
    /// Somebody opens an account.
    Registration,
    /// A coupon, a bonus or another gift is taken.
    CouponClaim,
    /// Goods are ordered, to be paid or not.
    Order,
    /// A place is booked: a doctor, a ticket, a desk.
    AppointmentBooking,
    /// Money leaves the platform.
    Withdrawal,
    /// A partner's own scene, by what follows `x-`: 1-40 of `[a-z0-9-]`.
    Custom(String),
}

impl Scene {
    /// The scenes that every partner has, in the order of the contract.
    pub const STANDARD: [Self; 7] = [
        Self::Payment,
        Self::Login,
        Self::Registration,
        Self::CouponClaim,
        Self::Order,
        Self::AppointmentBooking,
        Self::Withdrawal,
    ];

    /// Takes a scene by its name: one of the standard ones, or `x-` and 1-40 of `[a-z0-9-]`.
    ///
    /// # Errors
    /// One sentence that says the rule.
    pub fn parse(name: &str) -> Result<Self, String> {
        if let Some(custom) = name.strip_prefix("x-") {
            let custom = text::token(custom, 1, 40, "-")
                .ok()
                .filter(|custom| !custom.bytes().any(|byte| byte.is_ascii_uppercase()));
            return custom
                .map(Self::Custom)
                .ok_or_else(|| "must be x- and 1 to 40 of lower-case letters, digits and -".to_owned());
        }
        let standard = Self::STANDARD.into_iter().find(|scene| scene.standard_name() == name);
        standard.ok_or_else(|| "must be a scene that the contract names, or begin with x-".to_owned())
    }

    /// Its place in [`Self::STANDARD`]; all custom ones have the one behind.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::Payment => 0,
            Self::Login => 1,
            Self::Registration => 2,
            Self::CouponClaim => 3,
            Self::Order => 4,
            Self::AppointmentBooking => 5,
            Self::Withdrawal => 6,
            Self::Custom(_) => 7,
        }
    }

    const fn standard_name(&self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Login => "login",
            Self::Registration => "registration",
            Self::CouponClaim => "coupon-claim",
            Self::Order => "order",
            Self::AppointmentBooking => "appointment-booking",
            Self::Withdrawal => "withdrawal",
            Self::Custom(_) => "",
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(name) => write!(f, "x-{name}"),
            standard => f.write_str(standard.standard_name()),
        }
    }
}
