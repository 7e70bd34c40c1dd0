//! Scenes to and from the contract.

use super::proto::fraud as proto;
use crate::domain::fraud::Scene;

/// A scene as the contract has it; also what the command line sends.
#[must_use]
pub const fn scene_message(from: &Scene) -> proto::Scene {
    match from {
        Scene::Payment => proto::Scene::Payment,
        Scene::Login => proto::Scene::Login,
        Scene::Registration => proto::Scene::Registration,
        Scene::CouponClaim => proto::Scene::CouponClaim,
        Scene::Order => proto::Scene::Order,
        Scene::AppointmentBooking => proto::Scene::AppointmentBooking,
        Scene::Withdrawal => proto::Scene::Withdrawal,
        Scene::Custom(_) => proto::Scene::Custom,
    }
}

/// The standard scene of that value; nothing for one without a scene, and for a custom one.
pub(super) fn standard_scene(from: proto::Scene) -> Option<Scene> {
    Scene::STANDARD.into_iter().find(|one| scene_message(one) == from)
}
