//! Step Functions: a task with a function. Pipes: a batch that starts an execution.

use serde_json::json;

use super::Stage;
use crate::account::state_machine;
use crate::sent::Sent;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_below_the_start_of_the_execution() {
    let stage = Stage::open("task").await;
    // First the task's input is the execution's input, then the input from the optimized integration.
    let direct = json!({ "Type": "Task", "Resource": stage.arn, "End": true });
    let optimized = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": stage.arn, "Payload.$": "$" },
        "End": true,
    });
    for (name, task) in [("direct", direct), ("optimized", optimized)] {
        let machine = state_machine(&stage.config, name, task).await;
        let start = async {
            let start = thundra_aws::sfn::client(&stage.config).start_execution().state_machine_arn(&machine);
            start.input(json!({ "order": name }).to_string()).send().await.unwrap();
        };
        let sent = Sent::by(name, "SFN.StartExecution", start).await;

        let [work] = &stage.works(&sent, 1).await[..] else { panic!("one expected") };
        assert_eq!((work.way.as_str(), work.span.attribute("order")), ("task › work", Some(name)));
        sent.assert_same(&work.seen);
    }
}
