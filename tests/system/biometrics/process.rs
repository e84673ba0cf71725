//! The simulator as a process of its own, and templates registered by the operator.

use serde_json::{Value, json};
use testkit::{Program, free_port};

use crate::operator::create_citizen;

const NUMBER: &str = "067190000007";

#[tokio::test]
async fn the_simulator_runs_by_itself_and_its_dials_are_turned_over_http() {
    let program = Program::new();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["matcher", "--listen", &listen];
    let process = program.start_listening("vneid.toml", &arguments, port).await;
    let dials = format!("http://{listen}/dials");
    let read = || async {
        let answer = program.http.get(&dials).send().await.unwrap();
        serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
    };
    assert_eq!(read().await["sample"], "live");
    let turned = json!({ "score": 1, "sample": "spoof" }).to_string();
    let put = program.http.put(&dials).body(turned).send().await.unwrap();
    assert_eq!(put.status(), 204);
    assert_eq!((&read().await["score"], &read().await["sample"]), (&json!(1), &json!("spoof")));
    assert_eq!(program.http.put(&dials).body("{}x").send().await.unwrap().status(), 400);
    assert!(process.interrupt().await, "Ctrl-C ends it");
}

#[test]
fn neither_the_simulator_nor_a_provider_that_believes_it_runs_in_production() {
    let program = Program::new();
    let registration = program.done(&["matcher", "--registration"]);
    // Nothing else speaks against it.
    let registration = registration.replace("http://", "https://");
    program.write("matchers.toml", &registration);
    let file = ("VNEID_BIOMETRICS_MATCHERS_FILE".to_owned(), "matchers.toml".to_owned());
    let mut production = program;
    production.environment.push(file);
    assert!(production.done(&["config", "check"]).contains("can be used"));
    production.environment.push(("VNEID_ENVIRONMENT".to_owned(), "production".to_owned()));
    let faults = production.refused(&["config", "check"]);
    assert!(faults.contains("is the simulator"), "{faults}");
    production.environment.remove(0);
    production.environment.push(("VNEID_ISSUER".to_owned(), "https://id.example.vn".to_owned()));
    let refused = production.refused(&["matcher"]);
    assert!(refused.contains("the simulator signs what anybody likes"), "{refused}");
}

#[test]
fn an_operator_registers_the_template_of_somebody_who_was_proven_in_person() {
    let mut program = Program::new();
    create_citizen(&program, NUMBER);
    let register = |program: &Program, reference: &str| {
        let question = ["citizen", "biometric", NUMBER, "--modality", "face", "--reference"];
        program.run(&[&question[..], &[reference]].concat())
    };
    let early = register(&program, "simulator/42");
    assert!(early.stderr.contains("no registered matcher"), "{early:?}");
    program.write("matchers.toml", &program.done(&["matcher", "--registration"]));
    program
        .environment
        .push(("VNEID_BIOMETRICS_MATCHERS_FILE".to_owned(), "matchers.toml".to_owned()));
    assert!(register(&program, "no slash").stderr.contains("MATCHER/TEMPLATE"));
    assert!(!register(&program, "matcher-9/42").success, "nobody knows it");
    assert!(register(&program, "simulator/42").success);
    assert!(register(&program, "simulator/43").success, "takes the place of the first");
    let shown = program.done(&["citizen", "show", NUMBER]);
    assert_eq!(shown.lines().filter(|line| line.starts_with("face")).count(), 1, "{shown}");
    assert!(!shown.contains("simulator/43"), "{shown}");
}
