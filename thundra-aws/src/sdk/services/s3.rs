//! S3: the bucket, the key, and the part of an upload.

use thundra_core::semconv;

use super::service::{Attributes, Operation, Request, Service, add};

pub(super) static SERVICE: Service = Service {
    id: "S3",
    signing_name: "s3",
    names: &["Bucket", "Key", "CopySource", "UploadId"],
    attributes,
    request,
    batch_size: |_| None,
    response: |_, _| None,
    messages: None,
};

fn attributes(operation: &Operation<'_>, attributes: &mut Attributes) {
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
