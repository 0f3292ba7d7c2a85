mod attacks;
mod attempt;
mod cells;
mod checker;
mod forged;
mod instructions;
mod machine;
mod programs;
mod statements;

use maat_verifier::Preset;
use maat_verifier::cairo::{verify, verify_program};

use super::{Execution, Registers, Value, prove};
use machine::{Machine, fibonacci};

#[test]
fn fibonacci_is_proven() {
    for preset in Preset::ALL {
        let program = fibonacci(200);
        let execution = Machine::new(&program).run();
        let proved = prove(&execution, preset, &|_| ()).unwrap();
        let bytes = proved.file.to_bytes();
        eprintln!("{preset} {} bytes {:?} {:?}", bytes.len(), proved.stages, proved.security);
        let statement = verify_program(&bytes, &program).unwrap();
        eprintln!("{:?} {}", statement.steps, program.hash());
        verify(&bytes, &program.hash()).unwrap();
    }
}

#[test]
#[ignore]
fn speed() {
    let turns: u32 = std::env::var("TURNS").unwrap().parse().unwrap();
    let program = fibonacci(turns);
    let execution = Machine::new(&program).run();
    for _ in 0..2 {
        let start = std::time::Instant::now();
        let proved = prove(&execution, Preset::Fast, &|_| ()).unwrap();
        let t = start.elapsed();
        let bytes = proved.file.to_bytes();
        let start = std::time::Instant::now();
        let statement = verify_program(&bytes, &program).unwrap();
        let v = start.elapsed();
        eprintln!(
            "{} rows {} steps {:?} verify {:?} {} bytes {:?} {}",
            statement.rows,
            statement.steps,
            t,
            v,
            bytes.len(),
            proved.stages,
            std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap()
        );
    }
}
