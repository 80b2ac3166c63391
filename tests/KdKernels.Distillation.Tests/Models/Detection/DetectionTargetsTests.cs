using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Detection;

public class DetectionTargetsTests
{
    private static readonly DetectionGrid Grid = new(Rows: 6, Columns: 6, CellSize: 8, BaseSize: 12, ClassCount: 6);

    [Fact]
    public void An_object_is_described_by_the_cell_of_its_middle()
    {
        using var scope = NewDisposeScope();
        // The middle is (22, 9): column 2, row 1, cell 8, whose own middle is (20, 12).
        var item = new SceneObject(3, new BoundingBox(16, 6, 28, 12));

        DetectionTargets targets = DetectionTargets.Assign([[item]], Grid);

        Assert.Equal([1L, 36L], targets.Classes.shape);
        Assert.Equal(ScalarType.Int64, targets.Classes.dtype);
        Assert.Equal(ScalarType.Bool, targets.Foreground.dtype);
        Assert.Equal(1, targets.Foreground.sum().item<long>());
        Assert.Equal(4, targets.Classes[0, 8].item<long>());
        Assert.True(targets.Foreground[0, 8].item<bool>());
        float[] offsets = targets.Offsets[0, 8].data<float>().ToArray();
        Assert.Equal(0.25, offsets[0], 1e-7);
        Assert.Equal(-0.375, offsets[1], 1e-7);
        Assert.Equal(0, offsets[2], 1e-7);
        Assert.Equal(Math.Log(0.5), offsets[3], 1e-7);
        Assert.Equal(4, targets.Offsets.numel() / 36);
        Assert.Equal(offsets.Sum(), targets.Offsets.sum().item<float>(), 1e-6);
    }

    [Fact]
    public void A_cell_keeps_the_largest_box_whatever_the_order()
    {
        using var scope = NewDisposeScope();
        var small = new SceneObject(0, new BoundingBox(17, 17, 23, 23));
        var large = new SceneObject(1, new BoundingBox(14, 14, 26, 26));

        foreach (SceneObject[] objects in new[] { new[] { small, large }, [large, small] })
        {
            DetectionTargets targets = DetectionTargets.Assign([objects], Grid);
            Assert.Equal(1, targets.Foreground.sum().item<long>());
            Assert.Equal(2, targets.Classes[0, 14].item<long>());
        }
    }

    /// <summary>Cells that say exactly what they should must give back the objects of every scene.</summary>
    [Fact]
    public void The_decoder_recovers_the_boxes()
    {
        using var scope = NewDisposeScope();
        SceneSet set = Scenes.Generate(200, 0, seed: 5).Train;
        IReadOnlyList<SceneObject>[] objects = set.Objects([.. Enumerable.Range(0, set.Count)]);
        DetectionTargets targets = DetectionTargets.Assign(objects, Grid);
        Tensor logits = 20 * nn.functional.one_hot(targets.Classes, Grid.LogitCount).to(ScalarType.Float32);

        IReadOnlyList<DetectedObject>[] found =
            new DetectionDecoder(Grid).Decode(cat([logits, targets.Offsets], dim: -1));

        for (int i = 0; i < objects.Length; i++)
        {
            Assert.Equal(objects[i].Count, found[i].Count);
            foreach ((int classId, BoundingBox box) in objects[i])
            {
                DetectedObject match = found[i].MaxBy(detection => detection.Box.IouWith(box));
                Assert.Equal(classId, match.ClassId);
                Assert.InRange(match.Score, 0.999, 1);
                Assert.Equal(box.X0, match.Box.X0, 1e-4);
                Assert.Equal(box.Y0, match.Box.Y0, 1e-4);
                Assert.Equal(box.X1, match.Box.X1, 1e-4);
                Assert.Equal(box.Y1, match.Box.Y1, 1e-4);
            }
        }
    }

    [Fact]
    public void A_middle_on_the_far_edge_belongs_to_the_last_cell()
    {
        Assert.Equal(35, Grid.CellOf(new BoundingBox(46, 46, 50, 50)));
        Assert.Equal(0, Grid.CellOf(new BoundingBox(-4, -4, 2, 2)));
    }

    [Fact]
    public void Rejects_a_class_that_the_detector_does_not_have()
    {
        var item = new SceneObject(6, new BoundingBox(1, 1, 9, 9));

        Assert.Contains(
            "expected classes in [0, 6) but got 6 in image 0",
            Assert.Throws<ArgumentException>(() => DetectionTargets.Assign([[item]], Grid)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Leaves_no_tensor_behind_but_its_three()
    {
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            DetectionTargets targets = DetectionTargets.Assign([[], []], Grid);
            Assert.Equal(before + 3, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
            Assert.Equal(0, targets.Foreground.sum().item<long>());
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }
}
