using KdKernels.Distillation.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>What the cells of a batch should say.</summary>
/// <param name="Classes">Int64 <c>[B, A]</c>: class + 1, or 0 for background.</param>
/// <param name="Offsets">Floating <c>[B, A, 4]</c>; 0 on background, where there is nothing to regress to.</param>
/// <param name="Foreground">Bool <c>[B, A]</c>: the cells with an object.</param>
public sealed record DetectionTargets(Tensor Classes, Tensor Offsets, Tensor Foreground)
{
    /// <summary>
    /// Gives every object to the cell in which its middle lies. A cell has room for one: the largest box, and of equal
    /// ones the first; the others are then nowhere.
    /// </summary>
    /// <param name="objects">The objects of each image, <c>[B]</c> lists.</param>
    /// <param name="grid">The detector's cells.</param>
    /// <param name="device">Where the tensors go; null is the CPU.</param>
    /// <exception cref="ArgumentException">A class is not the detector's.</exception>
    public static DetectionTargets Assign(
        IReadOnlyList<IReadOnlyList<SceneObject>> objects, DetectionGrid grid, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentNullException.ThrowIfNull(grid);
        int cells = grid.CellCount;
        long[] classes = new long[objects.Count * cells];
        float[] offsets = new float[classes.Length * DetectionGrid.OffsetCount];
        double[] areas = new double[classes.Length];
        Span<double> encoded = stackalloc double[DetectionGrid.OffsetCount];
        for (int image = 0; image < objects.Count; image++)
        {
            foreach ((int classId, BoundingBox box) in objects[image])
            {
                if ((uint)classId >= (uint)grid.ClassCount)
                {
                    throw new ArgumentException(
                        $"expected classes in [0, {grid.ClassCount}) but got {classId} in image {image}",
                        nameof(objects));
                }

                int cell = grid.CellOf(box);
                int i = image * cells + cell;
                if (box.Area <= areas[i])
                    continue;
                areas[i] = box.Area;
                classes[i] = classId + 1;
                grid.Encode(box, cell, encoded);
                for (int k = 0; k < encoded.Length; k++)
                    offsets[i * encoded.Length + k] = (float)encoded[k];
            }
        }

        using DisposeScope scope = NewDisposeScope();
        Device target = device ?? CPU;
        Tensor ids = tensor(classes, [objects.Count, cells]).to(target);
        Tensor boxes = tensor(offsets, [objects.Count, cells, DetectionGrid.OffsetCount]).to(target);
        return new DetectionTargets(
            ids.MoveToOuterDisposeScope(),
            boxes.MoveToOuterDisposeScope(),
            ids.ne(DetectionGrid.Background).MoveToOuterDisposeScope());
    }
}
