//! The work of each function: the function reads an order, processes the order in 20 spans, and returns a receipt.
//!
//! With the invocation's own span, a trace has 21. The spans are nested four deep, and have fields of all types.
//! Nothing waits, so only work is measured.

use std::fmt;

use serde::{Deserialize, Serialize};
use tracing::{Span, debug, info, instrument};

/// The spans of an invocation: 20 of the work, and the invocation's own.
pub const SPANS: usize = 21;

/// The event of a function.
#[derive(Debug, Deserialize, Serialize)]
pub struct Order {
    id: Id,
    customer: String,
    country: String,
    lines: Vec<Line>,
}

/// An article of an order.
#[derive(Debug, Deserialize, Serialize)]
pub struct Line {
    sku: String,
    quantity: u32,
    price: f64,
}

/// The response of a function.
#[derive(Debug, Deserialize, Serialize)]
pub struct Receipt {
    order: Id,
    total: f64,
    reserved: u32,
}

/// The number of an order, formatted with a prefix.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Id(u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order-{:08}", self.0)
    }
}

/// Returns the event of an invocation as JSON, with four lines for 20 spans.
pub fn event(number: u64) -> String {
    let line = |sku: u64| format!(r#"{{"sku":"sku-{sku:04}","quantity":{},"price":{}.5}}"#, sku % 5 + 1, sku % 90 + 9);
    let lines = [7, 11, 13, 17].map(|n| line(number * n % 10_000)).join(",");
    format!(r#"{{"id":{number},"customer":"customer-{}","country":"DE","lines":[{lines}]}}"#, number * 31 % 9973)
}

/// Does the work of an invocation.
pub async fn serve(order: Order) -> Receipt {
    let lines = validate(&order).await;
    let tier = load_customer(&order.customer).await;
    let mut total = 0.0;
    for line in lines {
        total += price(line, tier).await;
    }
    total += tax(&order.country, total).await;
    let mut reserved = 0;
    for line in lines {
        reserved += reserve(&line.sku, line.quantity).await;
    }
    charge(order.id, total).await;
    notify(&order.customer).await;
    Receipt { order: order.id, total, reserved }
}

#[instrument(skip_all, fields(order.id = %order.id, lines = order.lines.len()))]
async fn validate(order: &Order) -> &[Line] {
    debug!("nothing is wrong with it");
    &order.lines
}

#[instrument(fields(tier))]
async fn load_customer(customer: &str) -> u32 {
    let tier = match look_up(customer).await {
        Some(tier) => tier,
        None => query("SELECT tier FROM customers WHERE id = $1").await,
    };
    Span::current().record("tier", tier);
    tier
}

#[instrument(fields(cache.hit = false))]
async fn look_up(key: &str) -> Option<u32> {
    None
}

#[instrument(name = "SELECT customers", skip_all, fields(db.system.name = "postgresql", db.query.text = text, rows = 1))]
async fn query(text: &str) -> u32 {
    2
}

#[instrument(skip_all, fields(sku = line.sku, quantity = line.quantity))]
async fn price(line: &Line, tier: u32) -> f64 {
    f64::from(line.quantity) * (line.price - discount(line.price, tier).await)
}

#[instrument]
async fn discount(price: f64, tier: u32) -> f64 {
    price * f64::from(tier) / 100.0
}

#[instrument(skip(net), fields(rate = 0.19))]
async fn tax(country: &str, net: f64) -> f64 {
    net * 0.19
}

#[instrument(fields(warehouse = "north", left = 1200 - quantity))]
async fn reserve(sku: &str, quantity: u32) -> u32 {
    quantity
}

#[instrument(skip(total), fields(amount = total, currency = "EUR"))]
async fn charge(id: Id, total: f64) {
    info!(provider = "acme", attempt = 1, "charged");
    store("receipts", 512).await;
}

#[instrument(fields(db.system.name = "dynamodb"))]
async fn store(table: &str, bytes: usize) {}

#[instrument(fields(messaging.system = "aws.sns", topic = "orders", urgent = true))]
async fn notify(customer: &str) {}
