//! The fields of spans.

use std::borrow::Cow;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use thundra_core::{testing, traced};

/// Returns the lines of the spans of the work, below the root.
fn tree(work: impl FnOnce()) -> String {
    let (_, spans) = testing::record("root", work);
    testing::tree(&spans).lines().skip(1).map(|line| format!("{line}\n")).collect()
}

/// Has none of the traits of fields.
struct Secret;

/// Has only the text of `Debug`.
#[derive(Clone, Copy, Debug)]
struct Id(u8);

impl Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

struct Order {
    id: Id,
    count: u32,
}

struct Shop {
    name: String,
}

#[traced(fields(id, %order.id, source = "shop", shop = self.name))]
impl Shop {
    fn nothing(_secret: Secret) {}

    fn by_id(id: u64) -> u64 {
        id
    }

    fn order(&self, order: &Order) -> u32 {
        order.count
    }

    #[traced(fields(?id, items = items.len(), source = "own"))]
    fn items(&self, id: Id, items: &[Secret]) {
        let _ = (id, items);
    }
}

#[test]
fn arguments_are_recorded_where_they_are_named() {
    let shop = Shop { name: "Berlin".to_owned() };
    let order = Order { id: Id(7), count: 2 };
    assert_eq!(tree(|| Shop::nothing(Secret)), "└ Shop::nothing source=shop\n");
    assert_eq!(tree(|| assert_eq!(Shop::by_id(3), 3)), "└ Shop::by_id id=3 source=shop\n");
    assert_eq!(tree(|| assert_eq!(shop.order(&order), 2)), "└ Shop::order order.id=#7 source=shop shop=Berlin\n");
    assert_eq!(tree(|| shop.items(Id(1), &[Secret])), "└ Shop::items shop=Berlin id=Id(1) items=1 source=own\n");
}

#[traced]
fn private(_password: &str, _secret: Secret) {}

#[traced(fields(flag, number, text, shared, cow, maybe, id, list, error))]
#[allow(clippy::too_many_arguments, unused_variables)]
fn typed(
    flag: bool,
    number: &f64,
    text: String,
    shared: Arc<str>,
    cow: Cow<'_, str>,
    maybe: Option<u8>,
    id: Id,
    list: Vec<u8>,
    error: &(dyn std::error::Error + 'static),
) {
}

#[traced(fields(value, %shown))]
fn generic<T: Debug, U>(value: T, shown: impl Display, _other: U) {}

#[traced(fields(x, "a b" = *y, otel.kind = "client", late = tracing::field::Empty))]
fn patterns(Point { x, y }: &Point, (_a, mut b): (u8, u8)) -> u8 {
    b += 1;
    tracing::Span::current().record("late", 3);
    b
}

#[traced(fields(x, twice = *y * 2))]
async fn patterns_of_a_future(Point { x, y }: &Point, (_a, mut b): (u8, u8), Id(n): Id) -> u8 {
    b += 1 + n;
    b
}

#[traced(fields(order.id, first, count, text = format!("{n}"), under.count))]
async fn changed_parts(
    Wrapped(mut order): Wrapped<Order>,
    (&first, ref _second): (&u8, String),
    Wrapped(Order { mut count, id: Id(n) }): Wrapped<Order>,
    mut under @ Wrapped2 { count: _ }: Wrapped2,
) -> u32 {
    order.count += u32::from(first);
    count += order.count + u32::from(n);
    under.count += 1;
    count + under.count
}

struct Wrapped<T>(T);

struct Wrapped2 {
    count: u32,
}

#[traced(fields(x, %n))]
async fn bound_twice(_point @ Corner { x, .. }: Corner, n: u64) -> u64 {
    n + u64::from(x)
}

#[derive(Clone, Copy)]
struct Corner {
    x: u8,
    _y: u8,
}

#[traced(fields(letter))]
mod letters {
    use std::fmt;

    pub(super) struct Letter(pub(super) u8);

    impl fmt::Debug for Letter {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "letter {}", self.0)
        }
    }

    pub(super) fn send(letter: &Letter) -> u8 {
        letter.0
    }
}

#[test]
fn a_text_may_be_made_by_a_function_with_a_span() {
    let send = || assert_eq!(letters::send(&letters::Letter(3)), 3);
    // `ends_with`, because the span of `fmt` depends on the subscriber. `tracing` silences the subscriber of a thread
    // while the thread records a field.
    assert!(tree(send).ends_with("└ send letter=letter 3\n"));
}

struct Point {
    x: i32,
    y: i32,
}

#[test]
fn no_argument_is_recorded_by_default() {
    assert_eq!(tree(|| private("password", Secret)), "└ private\n");
}

#[test]
fn values_keep_their_types() {
    let error = std::io::Error::other("late");
    let work = || {
        typed(true, &0.5, "a b".into(), "shared".into(), "cow".into(), None, Id(1), vec![2], &error);
    };
    let (_, spans) = testing::record("root", work);
    assert_eq!(spans[0].attribute("flag"), Some(&true.into()));
    assert_eq!(spans[0].attribute("number"), Some(&0.5.into()));
    assert_eq!(
        testing::tree(&spans).lines().nth(1),
        Some("└ typed flag=true number=0.5 text=a b shared=shared cow=cow id=Id(1) list=[2] error=late")
    );
    assert_eq!(tree(|| generic([1], 2, Secret)), "└ generic value=[1] shown=2\n");
}

#[test]
fn parts_of_an_argument_are_recorded() {
    let point = Point { x: -1, y: 2 };
    assert_eq!(tree(|| assert_eq!(patterns(&point, (1, 2)), 3)), "└ patterns [client] x=-1 a b=2 late=3\n");
    let work = || assert_eq!(super::futures::block_on(patterns_of_a_future(&point, (1, 2), Id(1))), 4);
    assert_eq!(tree(work), "└ patterns_of_a_future x=-1 twice=4\n");
}

#[test]
fn changeable_and_referenced_parts_are_recorded() {
    let order = |count| Wrapped(Order { id: Id(7), count });
    let work = || {
        let future = changed_parts(order(2), (&1, String::new()), order(4), Wrapped2 { count: 5 });
        assert_eq!(super::futures::block_on(future), 20);
        assert_eq!(super::futures::block_on(bound_twice(Corner { x: 1, _y: 2 }, 2)), 3);
    };
    assert_eq!(
        tree(work),
        "├ changed_parts order.id=Id(7) first=1 count=4 text=7 under.count=5\n└ bound_twice x=1 n=2\n"
    );
}

/// A parameter may exist under a condition. `any()` never holds, `all()` always does.
#[traced(fields(order, count, %note))]
mod conditional {
    #[super::traced(fields(total = order + u32::from(count)))]
    pub(crate) fn plain(order: u32, #[cfg(not(test))] count: Missing, #[cfg(test)] note: &str, #[cfg(test)] count: u8) {
    }

    pub(crate) async fn future(order: u32, #[cfg(not(test))] note: Missing, #[cfg(test)] (count, _): (u8, u8)) {}

    #[super::traced(fields(gone, len = kept.len()))]
    pub(crate) fn boxed(
        order: u32,
        #[cfg(not(test))] gone: Missing,
        #[cfg(test)]
        #[cfg(not(any()))]
        kept: &[u8],
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let _ = (order, kept);
        })
    }
}

#[test]
fn a_parameter_under_a_condition_that_does_not_hold_is_not_recorded() {
    assert_eq!(tree(|| conditional::plain(1, "x", 2)), "└ plain order=1 count=2 note=x total=3\n");
    assert_eq!(tree(|| super::futures::block_on(conditional::future(1, (2, 3)))), "└ future order=1 count=2\n");
    assert_eq!(tree(|| super::futures::block_on(conditional::boxed(1, &[4]))), "└ boxed order=1 len=1\n");
}
