//! The payload received by the handler.

use super::*;

#[test]
fn envelopes_and_bodies_are_handed_over_without_our_context() {
    let notification = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi",
        "MessageAttributes": {"x-correlation-id": {"Type": "String", "Value": "c-0"}}});
    for (body, handed_over) in
        [(order(0), json!({"id": 0})), (notification.clone(), notification), (json!([1]), json!([1]))]
    {
        let known = body.is_object().then_some("c-0");
        let work = |payload: Json| {
            assert_eq!(payload, handed_over);
            assert!(correlation::id().is_some());
            assert!(known.is_none_or(|id| correlation::id().as_deref() == Some(id)));
            succeed(payload)
        };
        let response = run(each(sqs("orders", &[("", &body.to_string())]), work)).unwrap();
        assert!(failures(&response).is_empty());
    }
}

#[test]
fn a_message_in_an_envelope_has_its_context_whatever_its_attributes() {
    let notification = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi",
        "MessageAttributes": {"x-correlation-id": {"Type": "String", "Value": "c-0"}}});
    let event = json!({"source": "s", "detail-type": "t", "detail": order(0)});
    for (body, attributes, id) in [
        (&notification, &["RequestID", "ErrorCode", "ErrorMessage"][..], "c-0"),
        (&event, &["tenant"], "c-0"),
        (&order(0), &["tenant", "traceparent"], "c-0"),
        (&notification, &["x-correlation-id"], "theirs"),
    ] {
        let mut batch = serde_json::to_value(sqs("orders", &[("", &body.to_string())])).unwrap();
        let texts =
            attributes.iter().map(|name| ((*name).to_owned(), json!({"stringValue": "theirs", "dataType": "String"})));
        batch["Records"][0]["messageAttributes"] = Json::Object(texts.collect());
        let batch: SqsEvent = serde_json::from_value(batch).unwrap();
        let work = |_: Json| {
            assert_eq!(correlation::id().as_deref(), Some(id));
            succeed(())
        };
        assert!(failures(&run(each(batch, work)).unwrap()).is_empty(), "{attributes:?}");
    }
    let work = |_: Json| {
        assert_eq!(correlation::id().as_deref(), Some("c-0"));
        succeed(())
    };
    assert!(failures(&run(each(kinesis(&[("a", notification.clone()), ("b", event)]), work)).unwrap()).is_empty());
}

#[test]
fn texts_and_bytes_are_handed_over_without_our_context() {
    let records = [("a", json!("hello")), ("a", order(7)), ("a", json!(""))];
    let seen = Mutex::new(Vec::new());
    let read = |text: String| {
        seen.lock().unwrap().push(text);
        succeed(())
    };
    run(each_text(kinesis(&records), read)).unwrap();
    run(each_bytes(kinesis(&records), |bytes| read(String::from_utf8(bytes).unwrap()))).unwrap();
    let expected = ["hello", r#"{"id":7}"#, ""];
    assert_eq!(seen.into_inner().unwrap(), [expected, expected].concat());
}

#[test]
fn a_payload_that_is_no_text_fails_its_record() {
    let mut event = kinesis(&[("a", json!("x")), ("b", json!("x"))]);
    event.records[1].kinesis.data.0 = vec![b'x', 0xff];
    assert_eq!(failures(&run(each_text(event.clone(), succeed::<String>)).unwrap()), ["1"]);
    assert!(failures(&run(each_bytes(event, succeed::<Vec<u8>>)).unwrap()).is_empty());
}

#[test]
fn the_future_is_send_and_borrows_what_it_likes() {
    fn send<T: Send>(future: T) -> T {
        future
    }
    async fn handler(event: KinesisEvent, warehouse: &Mutex<u64>) -> Result<(), Error> {
        let boxed = |order: Order| async move {
            *warehouse.lock().map_err(|_| "poisoned")? += order.id;
            Ok::<_, Box<dyn StdError + Send + Sync>>(())
        };
        send(each(event.clone(), boxed)).await?;
        let async_closure = async |order: Order| -> Result<(), Error> {
            *warehouse.lock().map_err(|_| "poisoned")? += order.id;
            Ok(())
        };
        each(event, async_closure).await?;
        Ok(())
    }
    let warehouse = Mutex::new(0);
    block_on(send(handler(kinesis(&[("a", order(3)), ("b", order(4))]), &warehouse))).unwrap();
    assert_eq!(warehouse.into_inner().unwrap(), 14);
    // A closure that is `Send` and not `Sync` will do.
    let cell = std::cell::Cell::new(1);
    let batch = each(SqsEvent::default(), move |_: Json| std::future::ready(Ok::<_, String>(cell.get())));
    drop(send(send(batch).into_future()));
}
