//! Encoding and compressing finished spans.

use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use thundra_bench_work as work;
use thundra_core::Scope;
use thundra_core::export::Batch;
use tracing::info_span;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant};
use crate::stacks::{Export, OURS, STACKS, Stack, default_layer, encode, lean_layer};

const SPANS: u64 = 1000;

pub(super) fn sections() -> Vec<Section> {
    let note = "A request of one thousand finished varied spans. Per span: nanoseconds to encode the request as OTLP \
                protobuf and to compress it with gzip (flate2's default backend), and bytes. thundra encoded its \
                spans while they were recorded and only adds the head of the request. The peers convert `SpanData` to \
                the structs of opentelemetry-proto and encode those with prost. The compressed bytes differ because \
                each stack records other attributes.";
    vec![
        Section::new("wire", "Encoding and compressing", note)
            .variants([
                Variant::within(OURS, "", ours),
                Variant::within("tracing-opentelemetry", "default", |bench| peer(default_layer, bench)),
                Variant::within("tracing-opentelemetry lean", "", |bench| peer(lean_layer, bench)),
            ])
            .columns([
                Column::spread("encode", "encode"),
                Column::spread("gzip_1", "gzip-1"),
                Column::spread("gzip_6", "gzip-6"),
                Column::median("raw_bytes", "bytes"),
                Column::median("gzip_1_bytes", "gzip-1"),
                Column::median("gzip_6_bytes", "gzip-6"),
            ]),
    ]
}

fn ours(bench: &mut Bench) -> Result<()> {
    let kind = STACKS.iter().find(|kind| kind.name == OURS).ok_or("ours is among them")?;
    let _stack = kind.set_up(Export::Drop)?;
    let scope = Scope::builder("invoke").begin();
    scope.enter(|| work::varied(SPANS - 1));
    let batch = Batch::new(Arc::new(thundra_core::config().resource.clone()), scope.finish());
    bench.repeat(|laps| {
        laps.wall("encode", SPANS, || batch.to_protobuf());
    });
    pack(&batch.to_protobuf(), bench)
}

fn peer(layer: fn(SdkTracerProvider) -> Result<Box<dyn Stack>>, bench: &mut Bench) -> Result<()> {
    let kept = Kept::default();
    let _stack = layer(SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build())?;
    info_span!("invoke").in_scope(|| work::varied(SPANS - 1));
    let spans = std::mem::take(&mut *kept.0.lock().expect("nobody panics while holding it"));
    let resource = opentelemetry_sdk::Resource::builder().with_service_name("orders").build();
    let resource = ResourceAttributesWithSchema::from(&resource);
    bench.repeat(|laps| {
        let spans = spans.clone();
        laps.wall("encode", SPANS, || encode(spans, &resource));
    });
    pack(&encode(spans, &resource), bench)
}

fn pack(request: &[u8], bench: &mut Bench) -> Result<()> {
    bench.samples.add("raw_bytes", request.len() as f64 / SPANS as f64);
    for level in [1, 6] {
        let figure = format!("gzip_{level}");
        let bytes = gzip(request, level)?.len();
        bench.samples.add(format!("{figure}_bytes"), bytes as f64 / SPANS as f64);
        bench.repeat(|laps| {
            laps.wall(&figure, SPANS, || gzip(request, level)).expect("a Vec takes everything");
        });
    }
    Ok(())
}

fn gzip(bytes: &[u8], level: u32) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    gzip.write_all(bytes)?;
    gzip.finish()
}

/// An exporter that keeps spans.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("nobody panics while holding it").extend(batch);
        Ok(())
    }
}
