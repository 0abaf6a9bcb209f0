//! Properties that are asked of a database: proptest's strategies and shrinking, awaited.

use proptest::strategy::{BoxedStrategy, Strategy as _, ValueTree as _};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::cases;

/// Tries random values of `strategy` in turn; a failing one is made smaller before it is shown.
pub(crate) async fn try_all<T: std::fmt::Debug>(
    quick: u32,
    strategy: BoxedStrategy<T>,
    mut holds: impl AsyncFnMut(&T) -> Result<(), String>,
) {
    let config = cases(quick);
    let mut runner = TestRunner::new_with_rng(config.clone(), random());
    for _ in 0..config.cases {
        let mut tree = strategy.new_tree(&mut runner).expect("a value");
        let Err(mut why) = holds(&tree.current()).await else {
            continue;
        };
        let mut smallest = tree.current();
        let mut simplifying = tree.simplify();
        let mut steps = 0;
        while simplifying && steps < 500 {
            steps += 1;
            let value = tree.current();
            match holds(&value).await {
                Err(w) => {
                    (smallest, why) = (value, w);
                    simplifying = tree.simplify();
                }
                Ok(()) => simplifying = tree.complicate(),
            }
        }
        panic!("{why}\nfor {smallest:#?}");
    }
}

/// The values of each run are the same, so that a change is judged by what it changes; other ones with
/// `QUARTERDECK_TEST_SEED=random`. A failure prints the whole value, so no seed needs to be kept.
fn random() -> TestRng {
    let seed = match std::env::var("QUARTERDECK_TEST_SEED") {
        Ok(_) => uuid::Uuid::new_v4().into_bytes(),
        Err(_) => [7; 16],
    };
    let seed: Vec<u8> = seed.into_iter().chain(seed).collect();
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}
