//! Orders and the expected traces of orders.

use serde_json::{Value, json};

use crate::report::Expected;

/// An address whose mail server refuses the first attempt, which makes SQS deliver the note to `notify` twice.
const GREYLISTED: &str = "eve@greylisting.example";

/// An order to send.
#[derive(Clone, Debug)]
pub struct Order {
    id: String,
    story: Story,
}

/// The course of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// The pricing service responds with 503 at first, and `orders` retries.
    PriceRetried,
    /// Every step succeeds.
    Plain,
    /// `billing` fails.
    CardDeclined,
    /// Three items, which one call puts as three records.
    ThreeItems,
    /// The note fails once and is delivered again.
    Greylisted,
}

impl Story {
    const ALL: [Self; 5] = [Self::PriceRetried, Self::Plain, Self::CardDeclined, Self::ThreeItems, Self::Greylisted];
}

impl Order {
    /// Returns `count` orders, with each course in turn.
    #[must_use]
    pub fn some(count: usize) -> Vec<Self> {
        Self::some_of("", count)
    }

    /// Returns `count` orders as [`some`](Self::some) does, with a suffix of their ids.
    #[must_use]
    pub fn some_of(suffix: &str, count: usize) -> Vec<Self> {
        let stories = Story::ALL.into_iter().cycle().take(count);
        stories.enumerate().map(|(index, story)| Self::new(&format!("order-{}{suffix}", index + 1), story)).collect()
    }

    /// Returns an order.
    #[must_use]
    pub fn new(id: &str, story: Story) -> Self {
        Self { id: id.to_owned(), story }
    }

    /// Returns the id of the order.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the `x-correlation-id` of the request.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        format!("shop-{}", self.id)
    }

    /// Returns the body of `POST /orders`.
    #[must_use]
    pub fn body(&self) -> Value {
        let items: &[&str] = match self.story {
            Story::PriceRetried => &["truffles"],
            Story::ThreeItems => &["bread", "cheese", "wine"],
            _ => &["cheese"],
        };
        let customer = if self.story == Story::Greylisted { GREYLISTED } else { "ada@example.com" };
        let card = if self.story == Story::CardDeclined { "declined" } else { "4242" };
        json!({ "id": self.id, "customer": customer, "items": items, "card": card })
    }

    /// Returns the expected trace.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        let reaches: &[(&str, usize)] = match self.story {
            Story::Plain => {
                &[("orders", 1), ("pricing", 1), ("billing", 1), ("hello", 1), ("shipping", 1), ("notify", 1)]
            }
            Story::PriceRetried => {
                &[("orders", 1), ("pricing", 2), ("billing", 1), ("hello", 1), ("shipping", 1), ("notify", 1)]
            }
            Story::CardDeclined => &[("orders", 1), ("pricing", 1), ("billing", 1), ("hello", 1)],
            Story::ThreeItems => {
                &[("orders", 1), ("pricing", 3), ("billing", 1), ("hello", 1), ("shipping", 3), ("notify", 3)]
            }
            Story::Greylisted => {
                &[("orders", 1), ("pricing", 1), ("billing", 1), ("hello", 1), ("shipping", 1), ("notify", 2)]
            }
        };
        let fails = (self.story == Story::CardDeclined).then_some("billing");
        Expected { order: &self.id, reaches, fails }
    }
}
