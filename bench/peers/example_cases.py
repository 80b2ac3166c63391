"""Cases as a plan has them, without launches: what the tests share."""

from plans import FORWARD, GRADIENT, Case, Mode, TensorSpec


def spec(name: str, *shape: int, dtype: str = "float32", draw: dict[str, object] | None = None,
         gradient_of: str | None = None) -> TensorSpec:
    return TensorSpec(name, dtype, shape, "contiguous", draw, gradient_of)


def kl_case(rows: int = 7, classes: int = 11, dtype: str = "float32") -> Case:
    """As a plan has it, without launches."""
    shape = (rows, classes)
    student = spec("student", *shape, dtype=dtype, draw={"kind": "normal", "scale": 3})
    teacher = spec("teacher", *shape, dtype=dtype, draw={"kind": "near", "of": "student", "weight": 0.7, "scale": 2})
    loss, gradient = spec("loss"), spec("student_gradient", *shape, dtype=dtype, gradient_of="student")
    unit = student.bytes
    return Case(
        "tempered-kl", shape, dtype, "", (student, teacher),
        (Mode(FORWARD, 2 * unit, 0, (loss,), ()), Mode(GRADIENT, 3 * unit, 0, (loss, gradient), ())), {"temperature": 4.0})
