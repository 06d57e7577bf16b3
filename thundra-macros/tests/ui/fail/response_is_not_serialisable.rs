use thundra_aws::{Error, LambdaEvent, handler};

struct Answer;

#[handler]
async fn main(_event: LambdaEvent<u8>) -> Result<Answer, Error> {
    Ok(Answer)
}
