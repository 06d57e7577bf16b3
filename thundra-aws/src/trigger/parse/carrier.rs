//! Carriers of context in an event: attributes, headers, and the members of a payload.

/// A carrier, which hands over one pair at a time. A reader of a carrier needs no list of the pairs.
pub(crate) trait Carrier {
    /// Hands over the pairs with wanted names. No value of another name is decoded.
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str));
}

impl<K: AsRef<str>, V: AsRef<str>> Carrier for [(K, V)] {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        let wanted = self.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        wanted.filter(|(name, _)| is_wanted(name)).for_each(|(name, value)| pair(name, value));
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Carrier for Vec<(K, V)> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(is_wanted, pair);
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Carrier for [(K, V); N] {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(is_wanted, pair);
    }
}

/// The pairs of a carrier with a prefix of the names, without the prefix.
pub(crate) struct Prefixed<'c, C: ?Sized>(pub(crate) &'static str, pub(crate) &'c C);

impl<C: Carrier + ?Sized> Carrier for Prefixed<'_, C> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        let Prefixed(prefix, carrier) = self;
        let of_wanted = |name: &str| name.strip_prefix(prefix).is_some_and(is_wanted);
        carrier.each(&of_wanted, &mut |name, value| pair(name.get(prefix.len()..).unwrap_or_default(), value));
    }
}
