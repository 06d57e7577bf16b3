//! Spans as a forest in the order to draw them, and the critical path through it.

/// A span, as the forest needs it. Times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// The place of the parent.
    pub(crate) parent: Option<usize>,
}

/// A place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The place in the input.
    pub(crate) node: usize,
    /// The place of the parent in the order.
    pub(crate) parent: Option<usize>,
    pub(crate) depth: usize,
    pub(crate) descendants: usize,
}

/// A piece of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The place in the order.
    pub(crate) span: usize,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Cuts each cycle of parents: its earliest span has no parent then. Also cuts parents that are not here.
pub(crate) fn cut_cycles(nodes: &mut [Node]) {
    // 0: not seen, otherwise the number of the walk that saw it.
    let mut seen = vec![0; nodes.len()];
    for walk in 1..=nodes.len() {
        let mut place = walk - 1;
        // Walks up, until a node of an earlier walk, a root, or a node of this walk: a cycle.
        while let (Some(mark), Some(node)) = (seen.get_mut(place), nodes.get(place)) {
            if *mark == walk {
                cut(nodes, place);
                break;
            }
            if *mark != 0 {
                break;
            }
            *mark = walk;
            match node.parent {
                Some(parent) => place = parent,
                None => break,
            }
        }
    }
}

/// Cuts the cycle that a place is in.
fn cut(nodes: &mut [Node], place: usize) {
    let (mut earliest, mut next) = (place, nodes.get(place).and_then(|node| node.parent));
    while let Some(node) = next.filter(|next| *next != place).and_then(|next| nodes.get(next).copied().zip(Some(next)))
    {
        let (node, at) = node;
        if nodes.get(earliest).is_some_and(|known| node.start < known.start) {
            earliest = at;
        }
        next = node.parent;
    }
    if let Some(node) = nodes.get_mut(earliest) {
        node.parent = None;
    }
}

/// Returns the nodes depth-first, children and roots by start. The nodes must have no cycles.
pub(crate) fn order(nodes: &[Node]) -> Vec<Placed> {
    let children = children(nodes, |node| node.start);
    let mut placed: Vec<Placed> = Vec::with_capacity(nodes.len());
    // What is still to place, the next one last: the node, the place of its parent, and its depth.
    let mut open: Vec<(usize, Option<usize>, usize)> = Vec::new();
    open.extend(children.roots().rev().map(|root| (root, None, 0)));
    while let Some((node, parent, depth)) = open.pop() {
        let place = placed.len();
        placed.push(Placed { node, parent, depth, descendants: 0 });
        open.extend(children.of(node).rev().map(|child| (child, Some(place), depth + 1)));
    }
    // A child is behind its parent, so going backward sums whole subtrees.
    for place in (0..placed.len()).rev() {
        if let Some((Some(parent), below)) = placed.get(place).map(|one| (one.parent, one.descendants + 1))
            && let Some(parent) = placed.get_mut(parent)
        {
            parent.descendants += below;
        }
    }
    placed
}

/// Returns the critical path through a forest in order: the pieces of spans during which nothing below them ran that
/// finished later. Work that begins after its parent's end, such as a consumer's, is on the path by itself.
pub(crate) fn critical(nodes: &[Node]) -> Vec<Piece> {
    let within: Vec<Node> = nodes
        .iter()
        .map(|node| {
            let parent = node.parent.filter(|parent| nodes.get(*parent).is_some_and(|parent| node.start < parent.end));
            Node { parent, ..*node }
        })
        .collect();
    let children = children(&within, |node| node.end);
    let mut pieces = Vec::new();
    // Below all spans is the request itself, which is on the path nowhere.
    let roots: Vec<usize> = children.roots().collect();
    let latest = roots.iter().filter_map(|root| within.get(*root)).map(|root| root.end).max().unwrap_or(0);
    let mut open = vec![Open { span: None, start: i64::MIN, end: latest, until: latest, rest: roots }];
    while let Some(top) = open.last_mut() {
        let Some(child) = top.rest.pop() else {
            if let Some(span) = top.span.filter(|_| top.start < top.until) {
                pieces.push(Piece { span, start: top.start, end: top.until });
            }
            open.pop();
            continue;
        };
        let Some(node) = within.get(child) else { continue };
        // A child that outlives its parent counts until the parent's end.
        let (start, end) = (node.start.max(top.start), node.end.min(top.end));
        // It ran beside a sibling that ended later, or at another time than its parent: clocks differ.
        if end > top.until || start > end {
            continue;
        }
        if let Some(span) = top.span.filter(|_| end < top.until) {
            pieces.push(Piece { span, start: end, end: top.until });
        }
        top.until = start;
        open.push(Open { span: Some(child), start, end, until: end, rest: children.of(child).collect() });
    }
    pieces.sort_by_key(|piece| (piece.start, piece.end));
    pieces
}

/// A span that the walk along the critical path is inside.
struct Open {
    span: Option<usize>,
    start: i64,
    end: i64,
    /// The time down to which the path is known.
    until: i64,
    /// The children to look at, the last to end at the end.
    rest: Vec<usize>,
}

/// The children of each node, in one list.
struct Children {
    /// The ends of the lists of node `n - 1`; those of the roots come first.
    ends: Vec<usize>,
    list: Vec<usize>,
}

fn children(nodes: &[Node], key: impl Fn(&Node) -> i64) -> Children {
    let mut list: Vec<usize> = (0..nodes.len()).collect();
    let group = |place: &usize| {
        nodes.get(*place).map_or((0, 0), |node| (node.parent.map_or(0, |parent| parent + 1), key(node)))
    };
    list.sort_by_key(group);
    let mut ends = vec![0; nodes.len() + 1];
    for (place, node) in list.iter().enumerate() {
        if let Some(end) = ends.get_mut(group(node).0) {
            *end = place + 1;
        }
    }
    for place in 1..ends.len() {
        let before = ends.get(place - 1).copied().unwrap_or(0);
        if let Some(end) = ends.get_mut(place) {
            *end = before.max(*end);
        }
    }
    Children { ends, list }
}

impl Children {
    fn group(&self, group: usize) -> std::iter::Copied<std::slice::Iter<'_, usize>> {
        let start = group.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(group).copied().unwrap_or(start);
        self.list.get(start..end).unwrap_or_default().iter().copied()
    }

    fn roots(&self) -> std::iter::Copied<std::slice::Iter<'_, usize>> {
        self.group(0)
    }

    fn of(&self, node: usize) -> std::iter::Copied<std::slice::Iter<'_, usize>> {
        self.group(node + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(spans: &[(i64, i64, Option<usize>)]) -> Vec<Node> {
        spans.iter().map(|(start, end, parent)| Node { start: *start, end: *end, parent: *parent }).collect()
    }

    #[test]
    fn spans_are_ordered_depth_first_by_start() {
        let nodes = nodes(&[(0, 9, None), (5, 6, Some(0)), (1, 4, Some(0)), (2, 3, Some(2)), (7, 8, None)]);
        let placed: Vec<_> =
            order(&nodes).iter().map(|one| (one.node, one.parent, one.depth, one.descendants)).collect();
        let expected = [(0, None, 0, 3), (2, Some(0), 1, 1), (3, Some(1), 2, 0), (1, Some(0), 1, 0), (4, None, 0, 0)];
        assert_eq!(placed, expected);
    }

    #[test]
    fn the_earliest_of_a_cycle_is_a_root() {
        let mut cycle = nodes(&[(3, 4, Some(1)), (1, 9, Some(2)), (2, 3, Some(0)), (5, 6, Some(0)), (0, 1, Some(4))]);
        cut_cycles(&mut cycle);
        let parents: Vec<_> = cycle.iter().map(|node| node.parent).collect();
        assert_eq!(parents, [Some(1), None, Some(0), Some(0), None]);
        assert_eq!(order(&cycle).len(), 5, "all are there");
    }

    #[test]
    fn a_chain_of_any_length_needs_no_stack() {
        let mut chain: Vec<_> = (0..50_000)
            .map(|place: i64| Node { start: place, end: 200_000 - place, parent: usize::try_from(place - 1).ok() })
            .collect();
        cut_cycles(&mut chain);
        assert_eq!(order(&chain).last().map(|last| last.depth), Some(49_999));
        assert_eq!(critical(&chain).len(), 99_999);
    }

    #[test]
    fn the_critical_path_goes_through_what_ends_last() {
        let pieces = |spans: &[(i64, i64, Option<usize>)]| -> Vec<(usize, i64, i64)> {
            critical(&nodes(spans)).iter().map(|piece| (piece.span, piece.start, piece.end)).collect()
        };
        for (spans, expected, why) in [
            (&[(0, 10, None)][..], &[(0, 0, 10)][..], "alone"),
            (&[(0, 10, None), (2, 5, Some(0))], &[(0, 0, 2), (1, 2, 5), (0, 5, 10)], "a call"),
            (&[(0, 10, None), (2, 8, Some(0)), (3, 5, Some(0))], &[(0, 0, 2), (1, 2, 8), (0, 8, 10)], "at once"),
            (&[(0, 5, None), (7, 9, Some(0))], &[(0, 0, 5), (1, 7, 9)], "a consumer, after its producer"),
        ] {
            assert_eq!(pieces(spans), expected, "{why}");
        }
    }
}
