//! The functions that get a span, and the names of the spans.

use thundra_core::{Config, Env, SpanData, testing, traced};

/// Returns the names of the spans of the work, parents first.
pub(crate) fn names(work: impl FnOnce()) -> Vec<String> {
    let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "trace")]));
    let (_, spans) = testing::record_with(&config, "root", work);
    let mut names: Vec<String> = spans.iter().rev().skip(1).map(|span| span.name.clone()).collect();
    names.retain(|name| name != "root");
    names
}

fn recorded(work: impl FnOnce()) -> Vec<SpanData> {
    let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "trace")]));
    testing::record_with(&config, "root", work).1
}

struct Shelf<T>(Vec<T>);

#[traced]
impl<T: Clone> Shelf<T> {
    const ROOM: usize = 4;

    /// Stays documented.
    const fn room() -> usize {
        Self::ROOM
    }

    fn put(&mut self, item: T) -> &mut Self {
        self.0.push(item);
        self
    }

    fn take<'a>(&'a self, at: usize) -> Option<&'a T>
    where
        T: 'a,
    {
        let first = self.0.as_slice().get(at)?;
        Some(first)
    }

    #[expect(clippy::boxed_local, reason = "`self` may be in a box")]
    fn into_all(mut self: Box<Self>) -> Vec<T> {
        self.0.truncate(Self::room());
        self.0
    }

    #[cfg(any())]
    fn configured_out(&self) -> Unknown {}

    #[traced(skip)]
    fn skipped() {}

    #[tracing::instrument]
    fn instrumented() {}

    #[cfg_attr(all(), tracing::instrument(name = "once"))]
    fn instrumented_under_a_condition() {}

    #[cfg_attr(all(), traced(skip))]
    fn skipped_under_a_condition() {}

    #[cfg_attr(all(), traced(name = "own"))]
    fn traced_under_a_condition() {}

    extern "C" fn foreign() {}
}

#[test]
fn each_function_of_an_impl_block_has_a_span() {
    let mut shelf = Box::new(Shelf(vec![1]));
    assert_eq!(names(|| assert_eq!(shelf.put(2).put(3).0, [1, 2, 3])), ["Shelf::put", "Shelf::put"]);
    assert_eq!(names(|| assert_eq!(shelf.take(0), Some(&1))), ["Shelf::take"]);
    assert_eq!(names(|| assert_eq!(shelf.into_all(), [1, 2, 3])), ["Shelf::into_all"]);
}

#[test]
fn functions_without_a_span_of_ours() {
    assert_eq!(names(Shelf::<u8>::skipped), [""; 0]);
    assert_eq!(names(|| assert_eq!(Shelf::<u8>::room(), 4)), [""; 0]);
    assert_eq!(names(|| Shelf::<u8>::foreign()), [""; 0]);
    assert_eq!(names(Shelf::<u8>::instrumented), ["instrumented"]);
    assert_eq!(names(Shelf::<u8>::instrumented_under_a_condition), ["once"]);
    assert_eq!(names(Shelf::<u8>::skipped_under_a_condition), [""; 0]);
    assert_eq!(names(Shelf::<u8>::traced_under_a_condition), ["own"]);
}

trait Store {
    type Key;
    const NAME: &'static str;
    fn get(&self, key: Self::Key) -> bool;
    fn has(&self) -> bool {
        true
    }
}

#[traced]
impl Store for &Shelf<u8> {
    type Key = u8;
    const NAME: &'static str = "shelf";

    fn get(&self, key: u8) -> bool {
        self.0.contains(&key)
    }
}

#[traced]
impl<T> Store for Vec<T> {
    type Key = ();
    const NAME: &'static str = "vec";

    fn get(&self, (): ()) -> bool {
        false
    }
}

#[traced]
impl<const N: usize> Store for [u8; N] {
    type Key = ();
    const NAME: &'static str = "array";

    fn get(&self, (): ()) -> bool {
        false
    }
}

#[traced]
impl Store for (Shelf<u8>, &[u8]) {
    type Key = u8;
    const NAME: &'static str = "tuple";

    fn get(&self, key: u8) -> bool {
        self.1.contains(&key)
    }
}

trait Named {
    fn named(&self);
}

#[traced]
impl<T: Store + ?Sized> Named for T {
    fn named(&self) {}
}

#[traced]
impl dyn Named + '_ {
    fn of_object(&self) {}
}

#[traced]
trait Defaults {
    const LIMIT: usize = 3;
    type Item;
    fn required(&self) -> Option<Self::Item>;
    fn provided(&self) -> bool {
        self.required().is_some()
    }
}

impl Defaults for u8 {
    type Item = u8;
    fn required(&self) -> Option<u8> {
        Some(*self)
    }
}

#[test]
fn a_method_of_a_trait_is_named_after_the_type() {
    assert_eq!((<&Shelf<u8>>::NAME, u8::LIMIT), ("shelf", 3));
    assert_eq!(names(|| assert!((&Shelf(vec![1])).get(1))), ["Shelf::get"]);
    assert_eq!(names(|| assert!(!vec![1].get(()))), ["Vec::get"]);
    assert_eq!(names(|| assert!(vec![1].has())), [""; 0]);
    assert_eq!(names(|| assert!(![1_u8].get(()))), ["[u8]::get"]);
    assert_eq!(names(|| assert!((Shelf(vec![1]), &[2][..]).get(2))), ["(Shelf, [u8])::get"]);
    assert_eq!(names(|| vec![1].named()), ["Named::named"], "a blanket implementation");
    assert_eq!(names(|| (&vec![1] as &dyn Named).of_object()), ["Named::of_object"]);
    assert_eq!(names(|| assert!(3_u8.provided())), ["Defaults::provided"]);
}

#[traced(level = "debug", target = "stock")]
#[allow(dead_code, reason = "some of the items are here to be parsed")]
mod stock {
    use std::fmt;

    pub(crate) const EMPTY: [u8; 2] = [0; 2];
    pub(crate) static COUNT: std::sync::Mutex<u8> = std::sync::Mutex::new(0);
    pub(crate) type Count<const N: usize = { 3 }> = [u8; N];

    #[derive(Debug, Default)]
    pub(crate) struct Unit;

    #[derive(Debug, Default)]
    pub(crate) struct Item<const N: usize = { 2 }> {
        pub(crate) count: u8,
    }

    pub(crate) enum Kind {
        One { of: u8 },
        Two,
    }

    macro_rules! function {
        ($name:ident, $ty:ty, $body:block) => {
            pub(crate) fn $name() -> $ty $body
        };
    }
    function!(made, u8, { 4 });
    function! { made_too, u8, { 4 } }

    impl<const N: usize> fmt::Display for Item<{ N }>
    where
        [(); 1]: Sized,
    {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.count)
        }
    }

    pub(crate) fn count() -> u8 {
        #![allow(clippy::items_after_statements)]
        fn inner() -> u8 {
            deep::deeper::count()
        }
        inner()
    }

    pub(crate) mod deep {
        #![allow(unused_imports)]
        use super::*;

        #[traced(level = tracing::Level::WARN)]
        pub(crate) mod deeper {
            pub(crate) fn count() -> u8 {
                super::left_out::count()
            }
        }

        #[traced(skip)]
        pub(crate) mod left_out {
            pub(crate) fn count() -> u8 {
                1
            }
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn a_test_inside_is_a_test() {
            assert_eq!(super::count(), 1);
        }
    }
}

#[test]
fn each_function_of_a_module_has_a_span() {
    let spans = recorded(|| assert_eq!(stock::count(), 1));
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["count", "count", "root"], "innermost first");
    assert_eq!(stock::made() + stock::made_too(), 8);
    assert_eq!(self::names(|| assert_eq!(stock::Item::<2>::default().to_string(), "0")), ["Item::fmt"]);
}

#[test]
fn a_level_and_a_target_stand_on_the_group_or_the_item() {
    let filtered = |levels: &str| {
        let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", levels)]));
        testing::record_with(&config, "root", stock::count).1.len() - 1
    };
    assert_eq!(filtered("info"), 1, "the inner one is a warning");
    assert_eq!(filtered("debug"), 2);
    assert_eq!(filtered("off,stock=trace"), 2, "the inner one has the target of the group");
}

#[traced(name = "renamed")]
fn one(n: u8) -> Result<u8, std::num::ParseIntError> {
    let text = "1".parse::<u8>()?;
    if n > 1 {
        return Ok(n);
    }
    Ok(text)
}

#[traced]
fn r#type() {}

#[traced(skip)]
fn alone() {}

#[traced]
#[tracing::instrument]
fn instrumented() {}

#[traced(name = NAME, target = TARGET)]
fn named_by_constants() {}

const NAME: &str = "constant";
const TARGET: &str = "target";

#[test]
fn a_function_alone_has_a_span() {
    assert_eq!(names(|| assert_eq!((one(0), one(2)), (Ok(1), Ok(2)))), ["renamed", "renamed"]);
    assert_eq!(names(r#type), ["type"]);
    assert_eq!(names(alone), [""; 0]);
    assert_eq!(names(instrumented), ["instrumented"]);
    assert_eq!(names(named_by_constants), ["constant"]);
}

macro_rules! implement {
    ($($ty:ty),*) => {$(
        #[traced]
        impl Defaults for $ty {
            type Item = $ty;
            fn required(&self) -> Option<$ty> {
                Some(*self)
            }
        }
    )*};
}
implement!(u16, std::num::NonZeroU8);

#[test]
fn an_impl_block_may_come_from_a_macro() {
    assert_eq!(names(|| assert_eq!(1_u16.required(), Some(1))), ["u16::required"]);
}

#[test]
fn every_exporter_of_the_attribute_has_its_own_path() {
    #[thundra_aws::traced]
    fn of_aws() {}
    #[traced(crate = thundra_aws)]
    fn by_path() {}
    assert_eq!(names(of_aws), ["of_aws"]);
    assert_eq!(names(by_path), ["by_path"]);
}
