using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Jacobians;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static KdKernels.Distillation.Tests.Methods.ImageDerivatives;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>The derivative of attention at the teacher's peak, image by image, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class JacobianAttentionMethodTests
{
    private const int Rows = 4;

    [Theory]
    [InlineData("", "")]
    [InlineData("stages.stage1", "stages.stage2")]
    [InlineData("stages.stage2", "stages.stage1")]
    public void Attention_is_differentiated_at_the_teachers_peak(string studentLayer, string teacherLayer)
    {
        using var scope = NewDisposeScope();
        using var sample = studentLayer.Length == 0
            ? MethodSample.Create("jacobian-attention")
            : MethodSample.Create("jacobian-attention", settings:
                [("student-layers", (IReadOnlyList<string>)[studentLayer]), ("teacher-layers", (IReadOnlyList<string>)[teacherLayer])]);
        string[] own = studentLayer.Length == 0 ? [.. ((ITappedModel)sample.Student).StageLayers] : [studentLayer];
        string[] other = teacherLayer.Length == 0 ? [.. ((ITappedModel)sample.Teacher).StageLayers] : [teacherLayer];
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            using var evaluation = new EvaluationMode(sample.Student);
            Tensor expected = Sum(own.Length, pair => Sum(Rows, n =>
            {
                Tensor image = Image(step, n);
                Tensor seen = Map(sample.Teacher, other[pair], image);
                Tensor mine = Map(sample.Student, own[pair], image);
                long peak = seen.flatten().argmax().item<long>();
                (long i, long j) = (peak / seen.shape[1], peak % seen.shape[1]);
                (long y, long x) = (i * mine.shape[0] / seen.shape[0], j * mine.shape[1] / seen.shape[1]);
                Tensor teacher = autograd.grad([seen[i, j]], [image])[0];
                Tensor student = autograd.grad([mine[y, x]], [image], retain_graph: true, create_graph: true)[0];
                return Distance(student, teacher, normalise: true);
            })) / (own.Length * Rows);
            sample.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void A_pixel_has_its_place_in_maps_of_other_sizes()
    {
        using var scope = NewDisposeScope();
        long[] Places(long[] pixels, long[] from, long[] to) =>
            JacobianAttentionMethod.Scaled(tensor(pixels), from, to).data<long>().ToArray();
        Assert.Equal([0, 7, 15], Places([0, 7, 15], [4, 4], [4, 4]));
        // (0, 0), (1, 3), (3, 3) of 4x4.
        Assert.Equal([0, 1, 3], Places([0, 7, 15], [4, 4], [2, 2]));
        Assert.Equal([0, 2 * 8 + 6, 6 * 8 + 6], Places([0, 7, 15], [4, 4], [8, 8]));
        // (1, 2) of 3x5 in 6x2.
        Assert.Equal([2 * 2 + 0], Places([7], [3, 5], [6, 2]));
    }

    /// <summary>Attention <c>[H, W]</c> of one image.</summary>
    private static Tensor Map(nn.Module<Tensor, Tensor> network, string layer, Tensor image)
    {
        using var taps = new NetworkTaps(network, [layer]);
        network.call(image);
        return taps.Take()[layer].pow(2).sum(1)[0];
    }
}
