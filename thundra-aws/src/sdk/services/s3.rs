//! S3: the bucket, the key, and the part of an upload.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use memchr::memmem;
use thundra_core::semconv;

use super::service::{Attributes, Operation, Request, Service, TakeAttributes, Writes, add};
use crate::hops::Written;
use crate::sdk::response;

pub(super) static SERVICE: Service = Service {
    id: "S3",
    signing_name: "s3",
    names: &["Bucket", "Key", "CopySource", "UploadId"],
    attributes,
    request,
    batch_size: |_| None,
    response: |_, _| None,
    writes: Some(Writes { named, requested: |_, _| {}, confirmed }),
    messages: None,
};

fn attributes(operation: &Operation<'_>, attributes: &mut dyn TakeAttributes) {
    for (key, name) in [
        (semconv::AWS_S3_BUCKET, "Bucket"),
        (semconv::AWS_S3_KEY, "Key"),
        (semconv::AWS_S3_COPY_SOURCE, "CopySource"),
        (semconv::AWS_S3_UPLOAD_ID, "UploadId"),
    ] {
        add(attributes, key, operation.member(name));
    }
}

/// Reads the part number from the query, because the SDK captures text only.
fn request(request: &Request<'_>) -> Attributes {
    let part = || {
        if !matches!(request.operation, "UploadPart" | "UploadPartCopy" | "GetObject") {
            return None;
        }
        let (_, query) = request.uri.split_once('?')?;
        let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber="))?;
        Some((semconv::AWS_S3_PART_NUMBER, number.parse::<u32>().ok()?.into()))
    };
    part().into_iter().collect()
}

/// Returns the object of an operation that creates an object.
fn named(operation: &Operation<'_>) -> Option<Written> {
    if !matches!(operation.name, "PutObject" | "CopyObject" | "CompleteMultipartUpload") {
        return None;
    }
    Written::of_object(operation.member("Bucket")?, operation.member("Key"))
}

/// Reads the entity tag of the created object: a header, or an element of XML. No other element has an entity tag.
fn confirmed(response: &HttpResponse, written: &mut Written) {
    let element = || {
        let body = response::body(response);
        let start = memmem::find(body, b"<ETag>")? + b"<ETag>".len();
        let text = body.get(start..)?;
        std::str::from_utf8(text.get(..memmem::find(text, b"</ETag>")?)?).ok()
    };
    if let Some(etag) = response.headers().get("etag").or_else(element) {
        written.add_version(&etag.replace("&quot;", "\"").replace("&#34;", "\""));
    }
}

#[cfg(test)]
mod tests {
    use thundra_core::Value;

    use super::*;
    use crate::sdk::services;

    #[test]
    fn the_part_of_an_object_is_a_number_of_the_query() {
        const URI: &str = "https://b.s3.eu-west-1.amazonaws.com/a/k?x-id=UploadPart&partNumber=7&uploadId=u";
        for (service, operation, uri, expected) in [
            ("S3", "UploadPart", URI, Some(7)),
            ("S3", "UploadPartCopy", URI, Some(7)),
            ("S3", "GetObject", "/k?partNumber=1", Some(1)),
            ("S3", "GetObject", "/partNumber=1?x-id=GetObject", None),
            ("S3", "GetObject", "/k?partNumber=one", None),
            ("S3", "ListParts", URI, None),
            ("Other", "UploadPart", URI, None),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|number: i64| (semconv::AWS_S3_PART_NUMBER, Value::I64(number))).collect();
            let request = Request { operation, uri, body: b"" };
            assert_eq!((services::find(service).request)(&request), expected, "{service}.{operation} {uri}");
        }
    }
}
