namespace KdKernels.Analysis.Claims.Published;

/// <summary>On generated images.</summary>
internal static class AugmentationsOfShapes
{
    public static Claim Definition { get; } = AugmentationClaims.Define(
        "t-stddev-shapes",
        "nothing: Shapes is generated",
        ["data.train=2000", "data.test=1000"],
        ["data.train=50000", "data.test=10000", "teacher.model=resnet56", "student.model=resnet20", "teacher.solver.epochs=240", "student.solver.epochs=240"],
        "2,000 images of Shapes",
        minutes: 15);
}
