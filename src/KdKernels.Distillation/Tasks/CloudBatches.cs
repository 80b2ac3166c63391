using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Batches of point clouds: coordinates float32 <c>[B, 3, P]</c>, labels int64 <c>[B]</c>.</summary>
internal sealed class CloudBatches(CloudSet set, BatchPlan plan, Device device) : IBatches
{
    public BatchPlan Plan => plan;

    public Batch Load(ReadOnlySpan<int> indices, int epoch)
    {
        Tensor labels = empty([indices.Length], dtype: ScalarType.Int64);
        set.CopyLabels(indices, MemoryMarshal.Cast<byte, long>(labels.bytes));
        return new Batch(Points(set, indices).to(device), labels.to(device), ImageBatches.Positions(indices).to(device));
    }

    /// <summary>Coordinates <c>[B, 3, P]</c>, on the CPU.</summary>
    public static Tensor Points(CloudSet set, ReadOnlySpan<int> indices)
    {
        Tensor points = empty([indices.Length, CloudSet.Channels, set.PointCount], dtype: ScalarType.Float32);
        set.CopyPoints(indices, MemoryMarshal.Cast<byte, float>(points.bytes));
        return points;
    }
}
