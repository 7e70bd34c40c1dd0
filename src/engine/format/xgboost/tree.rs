//! Trees of the file as checked trees.

use super::file::RawTree;
use crate::engine::{
    LoadError,
    forest::{Categories, Missing, Node, Split, Test, Tree},
    format::max_nodes,
};
use std::mem;

/// A bit set takes at most so many bytes for each byte of the file, all sets together: one category with a high code
/// would else let a small file become a large model.
const SET_BYTES_PER_FILE_BYTE: usize = 4;

/// Reads the trees, each multiplied by its weight.
pub(super) fn read_all(
    raw: Vec<RawTree>,
    weights: Option<&[f32]>,
    inputs: usize,
    size: usize,
) -> Result<Vec<Tree>, LoadError> {
    let nodes: usize = raw.iter().map(|tree| tree.left_children.0.len()).sum();
    if nodes > max_nodes(size) {
        return Err(LoadError::rule("trees", "have more nodes than a file of this size can have"));
    }
    let mut room = size.saturating_mul(SET_BYTES_PER_FILE_BYTE);
    let mut trees = Vec::with_capacity(raw.len());
    for (at, tree) in raw.into_iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| f64::from(weights[at]));
        let part = format!("tree {at}");
        let nodes = nodes_of(&part, tree, weight, &mut room)?;
        trees.push(Tree::check(&part, nodes, inputs)?);
    }
    Ok(trees)
}

fn nodes_of(part: &str, mut raw: RawTree, weight: f64, room: &mut usize) -> Result<Vec<Node>, LoadError> {
    let vector = raw.tree_param.take().and_then(|parameters| parameters.size_leaf_vector);
    if !matches!(vector.as_deref(), None | Some("0" | "1")) {
        return Err(LoadError::Unsupported("an XGBoost tree with several outputs".to_owned()));
    }
    let sets = sets(part, &mut raw, room)?;
    let count = raw.left_children.0.len();
    let lengths = [
        raw.right_children.0.len(),
        raw.split_indices.0.len(),
        raw.split_conditions.0.len(),
        raw.default_left.0.len(),
        raw.sum_hessian.as_ref().map_or(count, |covers| covers.0.len()),
    ];
    if lengths.iter().any(|length| *length != count) {
        return Err(LoadError::rule(part, "the lists of its nodes must have the same length"));
    }
    let mut sets = sets.into_iter().peekable();
    let mut nodes = Vec::with_capacity(count);
    for at in 0..count {
        let set = sets.next_if(|(node, _)| *node == at).map(|(_, set)| set);
        nodes.push(node(&raw, at, weight, set));
    }
    Ok(nodes)
}

/// One node. What a file has in the places of deleted nodes means nothing, and is only checked if a split leads there.
fn node(raw: &RawTree, at: usize, weight: f64, set: Option<Categories>) -> Node {
    let (left, right) = (raw.left_children.0[at], raw.right_children.0[at]);
    let condition = raw.split_conditions.0[at];
    let cover = raw.sum_hessian.as_ref().map_or(0.0, |covers| f64::from(covers.0[at]));
    if left == -1 && right == -1 {
        return Node::Leaf { value: f64::from(condition) * weight, cover };
    }
    let place = |child: i32| usize::try_from(child).unwrap_or(usize::MAX);
    let feature = usize::try_from(raw.split_indices.0[at]).unwrap_or(usize::MAX);
    let default_left = raw.default_left.0[at].0;
    let (left, right) = (place(left), place(right));
    match set {
        // Values below the threshold go left: those that are at most the 32-bit float before it.
        None => {
            let missing = if default_left { Missing::NanLeft } else { Missing::NanRight };
            let test = Test::AtMost(f64::from(condition.next_down()));
            Node::Split(Split { feature, test, missing, left, right, cover })
        }
        // The categories of the set go right, all else left; a test that holds goes left here, so the sides change.
        Some(set) => {
            let missing = if default_left { Missing::NanRight } else { Missing::NanLeft };
            Node::Split(Split { feature, test: Test::OneOf(set), missing, left: right, right: left, cover })
        }
    }
}

/// The set of each categorical node, in the order of the nodes. `room` is how many bytes they may still take.
fn sets(part: &str, raw: &mut RawTree, room: &mut usize) -> Result<Vec<(usize, Categories)>, LoadError> {
    let fail = |rule| LoadError::rule(format!("{part}: categories"), rule);
    let nodes = raw.categories_nodes.take().map(|list| list.0).unwrap_or_default();
    let starts = raw.categories_segments.take().map(|list| list.0).unwrap_or_default();
    let sizes = raw.categories_sizes.take().map(|list| list.0).unwrap_or_default();
    let codes = raw.categories.take().map(|list| list.0).unwrap_or_default();
    if starts.len() != nodes.len() || sizes.len() != nodes.len() {
        return Err(fail("the lists of categorical nodes must have the same length"));
    }
    if nodes.windows(2).any(|pair| pair[0] >= pair[1]) || nodes.first().is_some_and(|first| *first < 0) {
        return Err(fail("the categorical nodes must be in order"));
    }
    if nodes.last().is_some_and(|last| !usize::try_from(*last).is_ok_and(|last| last < raw.left_children.0.len())) {
        return Err(fail("a categorical node is not there"));
    }
    let mut rest: &[i32] = &codes;
    let mut found = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let taken = codes.len() - rest.len();
        let size = usize::try_from(sizes[at]).ok().filter(|size| *size <= rest.len());
        let Some(size) = size.filter(|_| usize::try_from(starts[at]) == Ok(taken)) else {
            return Err(fail("the sets must stand one behind the other"));
        };
        let (set, behind) = rest.split_at(size);
        rest = behind;
        let highest = set.iter().max().copied().unwrap_or_default();
        let highest = usize::try_from(highest).map_err(|_| fail("a category must not be negative"))?;
        let words = highest / 64 + 1;
        *room = room
            .checked_sub(words * mem::size_of::<u64>())
            .ok_or_else(|| fail("have codes too high for a file of this size"))?;
        let mut bits = vec![0_u64; words];
        for code in set {
            let code = usize::try_from(*code).map_err(|_| fail("a category must not be negative"))?;
            bits[code / 64] |= 1 << (code % 64);
        }
        found.push((usize::try_from(*node).unwrap_or(usize::MAX), Categories(bits)));
    }
    Ok(found)
}
