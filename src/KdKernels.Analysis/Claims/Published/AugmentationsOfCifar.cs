namespace KdKernels.Analysis.Claims.Published;

/// <summary>On CIFAR-10.</summary>
internal static class AugmentationsOfCifar
{
    public static Claim Definition { get; } = AugmentationClaims.Define(
        "t-stddev-cifar10",
        SweepEntries.Images,
        ["data.name=cifar10", "data.train=0", "data.test=0"],
        ["data.name=cifar10", "data.train=0", "data.test=0", "teacher.model=resnet56", "student.model=resnet20", "teacher.solver.epochs=240", "student.solver.epochs=240"],
        "CIFAR-10 as it is under KD_DATA",
        minutes: 30);
}
