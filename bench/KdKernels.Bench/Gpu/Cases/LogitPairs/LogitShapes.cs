using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>Shapes of logits: language models, ImageNet, CIFAR; large ones first, small ones bound by the launch.</summary>
internal static class LogitShapes
{
    /// <summary>What the goals of the first kernels name, and those around them.</summary>
    public static IEnumerable<(KdElementType Type, long[] Shape)> Full { get; } =
    [
        (KdElementType.BFloat16, [8192, 32000]), (KdElementType.Float32, [8192, 32000]),
        (KdElementType.Float32, [256, 1000]), (KdElementType.Float32, [1024, 100]),
        (KdElementType.BFloat16, [8192, 128256]), (KdElementType.BFloat16, [4096, 128256]),
        (KdElementType.Float32, [4096, 128256]), (KdElementType.Float32, [16384, 1000]),
        (KdElementType.Float32, [256, 21841]), (KdElementType.Float32, [4, 1048576]),
        (KdElementType.BFloat16, [256, 1000]), (KdElementType.BFloat16, [1024, 100]),
        (KdElementType.BFloat16, [16384, 1000]), (KdElementType.BFloat16, [256, 21841]),
        (KdElementType.BFloat16, [4, 1048576]), (KdElementType.Float32, [8192, 128256]),
    ];

    /// <summary>One of each kind.</summary>
    public static IEnumerable<(KdElementType Type, long[] Shape)> Short { get; } =
    [
        (KdElementType.BFloat16, [8192, 32000]), (KdElementType.Float32, [256, 1000]),
        (KdElementType.Float32, [8192, 32000]), (KdElementType.Float32, [1024, 100]),
        (KdElementType.BFloat16, [256, 1000]), (KdElementType.BFloat16, [1024, 100]),
    ];
}
