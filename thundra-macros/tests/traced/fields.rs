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
