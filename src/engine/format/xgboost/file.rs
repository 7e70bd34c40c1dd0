//! The members of the file that scoring needs, in either form. All others are skipped without taking memory.

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

#[derive(Deserialize)]
pub(super) struct File {
    pub learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    pub feature_names: Option<List<String>>,
    pub gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    pub parameters: Parameters,
    pub objective: Objective,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub name: String,
}

/// Numbers as texts.
#[derive(Deserialize)]
pub(super) struct Parameters {
    pub base_score: String,
    pub num_class: Option<String>,
    pub num_feature: String,
    pub num_target: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Booster {
    pub name: String,
    pub model: Option<Model>,
    pub gbtree: Option<Inner>,
    pub weight_drop: Option<List<f32>>,
}

/// The trees of `dart` are a booster in the booster.
#[derive(Deserialize)]
pub(super) struct Inner {
    pub model: Model,
}

/// The linear booster's model has none of this; its name refuses it.
#[derive(Deserialize)]
pub(super) struct Model {
    #[serde(default)]
    pub trees: Vec<RawTree>,
    pub cats: Option<Cats>,
}

/// The texts or whole numbers of each feature's categories, since 3.1.
#[derive(Deserialize)]
pub(super) struct Cats {
    pub enc: Vec<Encoding>,
}

/// One feature's categories: UTF-8 bytes cut at offsets, or whole numbers of an integer type.
#[derive(Deserialize)]
pub(super) struct Encoding {
    pub offsets: Option<List<i64>>,
    pub values: List<i64>,
    #[serde(rename = "type")]
    pub kind: Option<i64>,
}

/// A tree: one place a node in each list, and lists of the categorical nodes only.
#[derive(Deserialize)]
pub(super) struct RawTree {
    pub left_children: List<i32>,
    pub right_children: List<i32>,
    pub split_indices: List<i64>,
    pub split_conditions: List<f32>,
    pub default_left: List<Flag>,
    pub sum_hessian: Option<List<f32>>,
    pub categories: Option<List<i32>>,
    pub categories_nodes: Option<List<i32>>,
    pub categories_segments: Option<List<i64>>,
    pub categories_sizes: Option<List<i64>>,
    pub tree_param: Option<TreeParameters>,
}

#[derive(Deserialize)]
pub(super) struct TreeParameters {
    pub size_leaf_vector: Option<String>,
}

/// A list that takes exactly the room that the reader knows it to need: serde's own takes up to a MiB on a file's word,
/// and the UBJ reader has held the word against the bytes that are there.
pub(super) struct List<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(PhantomData)).map(Self)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::with_capacity(elements.size_hint().unwrap_or_default());
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(list)
    }
}

/// 0 or 1, or as the first releases wrote it, false or true.
pub(super) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("0, 1, false or true")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
        Ok(Flag(number != 0))
    }
}
