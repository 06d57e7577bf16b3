//! The masked or cut places in a payload.

/// The limit of listed places of each kind.
const MAX_PLACES: usize = 64;
/// The limit of a place in bytes.
const MAX_PLACE_BYTES: usize = 256;

/// The places found by a walk, as paths such as `$.Records[0].body.password`. Texts with a structure add no sign to a
/// path.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The path of the walked text. `None` if nobody reads the places.
    root: Option<String>,
    pub(super) masked: Vec<String>,
    pub(super) cut: Vec<String>,
}

impl Findings {
    pub(super) fn of_payload() -> Self {
        Findings { root: Some("$".to_owned()), ..Findings::default() }
    }

    /// Returns the findings for a text inside the current text.
    pub(super) fn within(&self, steps: impl Fn() -> String) -> Self {
        Findings { root: self.place(steps), ..Findings::default() }
    }

    /// Adds the findings of a text within.
    pub(super) fn add(&mut self, within: Self) {
        within.masked.into_iter().for_each(|place| push(&mut self.masked, place));
        within.cut.into_iter().for_each(|place| push(&mut self.cut, place));
    }

    pub(super) fn found_masked(&mut self, steps: impl Fn() -> String) {
        if let Some(place) = self.place(steps) {
            push(&mut self.masked, place);
        }
    }

    pub(super) fn found_cut(&mut self, steps: impl Fn() -> String) {
        if let Some(place) = self.place(steps) {
            push(&mut self.cut, place);
        }
    }

    fn place(&self, steps: impl Fn() -> String) -> Option<String> {
        let root = self.root.as_deref()?;
        let place = root.to_owned() + &steps();
        Some(crate::cut(&place, MAX_PLACE_BYTES).to_owned())
    }
}

/// Adds a place, or a mark for further places.
fn push(places: &mut Vec<String>, place: String) {
    match places.len() {
        ..MAX_PLACES => places.push(place),
        MAX_PLACES => places.push("…".to_owned()),
        _ => {}
    }
}
