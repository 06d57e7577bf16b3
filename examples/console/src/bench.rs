//! The measurement `--bench`: spans of a made-up shop go in over HTTP, and the page's questions are asked over HTTP.

mod client;
mod shop;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use self::client::Client;
use self::shop::Shop;
use crate::server::Token;

/// How often a question is asked. The median is printed.
const TURNS: usize = 5;

/// Measures with so many spans, and prints a table.
///
/// # Errors
///
/// If the console does not answer.
pub(crate) async fn run(spans: u64, page: SocketAddr, otlp: SocketAddr, token: &Token) -> std::io::Result<()> {
    let shop = Shop::new(spans);
    let senders = (0..2).map(|sender| tokio::spawn(send(shop, otlp, sender)));
    let senders: Vec<_> = senders.collect();
    let started = Instant::now();
    // The making of spans is not the console's work.
    let mut making = Duration::ZERO;
    for sender in senders {
        making += sender.await.map_err(std::io::Error::other)??;
    }
    let (elapsed, used) = (started.elapsed(), cpu()?);
    println!("| what | measured |\n|---|--:|");
    println!("| spans | {} |", shop.spans());
    println!("| ingest, spans/s | {:.0} |", shop.spans() as f64 / elapsed.as_secs_f64());
    println!("| CPU time of it, s (of that {:.1} for making the spans) | {used:.1} |", making.as_secs_f64());
    println!("| resident memory after it, MiB | {} |", resident("VmRSS:")?);
    let mut client = Client::connect(page).await?;
    let (from, to) = shop.times();
    for (what, path) in [
        ("request of 40 spans, ms", format!("/api/v1/requests/{}", shop.request(0))),
        ("request of 1,000 spans, ms", format!("/api/v1/requests/{}", shop.middle())),
        ("request of 20,000 spans, ms", format!("/api/v1/requests/{}", shop.large())),
        ("heat map from rollups, ms", format!("/api/v1/heatmap?from={from}&to={to}")),
        (
            "heat map of one operation from rollups, ms",
            format!("/api/v1/heatmap?from={from}&to={to}&name=POST+/orders"),
        ),
        ("heat map filtered by an attribute, ms", format!("/api/v1/heatmap?from={from}&to={to}&where=tenant_id%3Dt7")),
        (
            "heat map filtered by a resource and a status, ms",
            "/api/v1/heatmap?where=cloud.region%3Deu-west-1&status=error".to_owned(),
        ),
        ("comparison of the slow with the rest, ms", format!("/api/v1/compare?from={from}&to={to}&sel_min=200000")),
        ("map, ms", "/api/v1/map".to_owned()),
        ("operations, ms", "/api/v1/operations".to_owned()),
        ("requests, ms", "/api/v1/requests".to_owned()),
        ("requests with an attribute, ms", "/api/v1/requests?where=tenant_id%3Dt7".to_owned()),
        ("cost by function, ms", "/api/v1/cost".to_owned()),
        ("cost by tenant, ms", "/api/v1/cost?by=tenant".to_owned()),
        ("invocations, ms", "/api/v1/invocations".to_owned()),
        ("status, ms", "/api/v1/status".to_owned()),
    ] {
        let (mut times, before) = (Vec::new(), cpu()?);
        let mut bytes = 0;
        for _ in 0..TURNS {
            let asked = Instant::now();
            bytes = client.get(&path, token).await?;
            times.push(asked.elapsed());
        }
        times.sort_unstable();
        let median = times.get(TURNS / 2).copied().unwrap_or_default();
        let used = (cpu()? - before) * 1e3 / TURNS as f64;
        println!("| {what} | {:.1} (CPU {used:.0} ms, {} KiB) |", median.as_secs_f64() * 1e3, bytes >> 10);
    }
    println!("| resident memory now, MiB | {} |", resident("VmRSS:")?);
    println!("| resident memory at most, MiB | {} |", resident("VmHWM:")?);
    Ok(())
}

/// Sends every second request of the shop. Returns the time that it took to make them.
async fn send(shop: Shop, otlp: SocketAddr, sender: u64) -> std::io::Result<Duration> {
    let mut client = Client::connect(otlp).await?;
    let mut making = Duration::ZERO;
    for request in (0..shop.requests()).filter(|request| request % 2 == sender) {
        let started = Instant::now();
        let body = shop.otlp(request);
        making += started.elapsed();
        client.post("/v1/traces", &body).await?;
    }
    Ok(making)
}

/// Returns a figure of the process in MiB.
fn resident(name: &str) -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kilobytes.unwrap_or(0) >> 10)
}

/// Returns the seconds of CPU time that the process has used. On a machine that does other work too, they say more than
/// the time that went by.
fn cpu() -> std::io::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the process may have spaces; after it, the times are the 12th and 13th field, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
    Ok(ticks / 100.0)
}
