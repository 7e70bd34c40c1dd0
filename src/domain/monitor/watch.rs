//! What a version is watched by: the decisions since its last window ended.

use super::Tally;

/// The window of a version.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Watch {
    /// The decisions of the window, by bins of score and features.
    #[prost(message, optional, tag = "1")]
    pub drift: Option<Tally>,
    /// The day the first of them was made.
    #[prost(int64, tag = "2")]
    pub drift_since: i64,
    /// How many windows of decisions have ended.
    #[prost(int64, tag = "3")]
    pub drift_windows: i64,
    /// The decisions that were labelled first within the window, by step of the score.
    #[prost(message, optional, tag = "4")]
    pub labels: Option<Tally>,
    /// The day on which the first of them was counted.
    #[prost(int64, tag = "5")]
    pub labels_since: i64,
    /// How many windows of labels have ended.
    #[prost(int64, tag = "6")]
    pub label_windows: i64,
}

impl Watch {
    /// The bytes in which it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(self)
    }

    /// Reads bytes back; nothing when they are not what [`Self::to_bytes`] writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        prost::Message::decode(bytes).ok()
    }
}
