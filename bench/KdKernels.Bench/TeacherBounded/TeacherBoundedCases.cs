using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.TeacherBounded;

/// <summary>
/// The paper's whole regression loss, smooth L1 + ½·bounded, over the foreground of a detector's boxes, with the student's gradient.
/// Three tensors are read, 3u, and one is written, 4u; at such sizes the number of torch's operations is what composed forms pay for.
/// </summary>
internal static class TeacherBoundedCases
{
    private const double Margin = 0.5;

    public static IEnumerable<BenchCase> All() => [Make(2048), Make(65536)];

    private static BenchCase Make(int boxes)
    {
        manual_seed(boxes);
        var target = randn(boxes, 4) * 3;
        var teacher = target + randn(boxes, 4) * 1.2;
        var student = (target + randn(boxes, 4)).requires_grad_();
        var foreground = (rand(boxes) < 0.25).to(ScalarType.Int64);
        return new BenchCase
        {
            Op = "teacher-bounded",
            Shape = $"[{boxes},4]",
            Leaves = [student],
            Fused = () => KdFunctional.TeacherBounded(
                student, teacher, target, Margin, KdReduction.BatchMean, foreground, boundWeight: 0.5, smoothL1: true),
            Composed =
            [
                new("plain", () =>
                {
                    var mask = foreground.to(ScalarType.Float32);
                    var ofStudent = (student - target).pow(2).sum(1);
                    var isOn = ofStudent + Margin > (teacher - target).pow(2).sum(1);
                    var bounded = ofStudent * isOn.to(ScalarType.Float32);
                    var smooth = smooth_l1_loss(student, target, nn.Reduction.None).sum(1);
                    return ((smooth + 0.5 * bounded) * mask).sum() / mask.sum();
                }),
                new("selected", () =>
                {
                    var index = foreground.nonzero().squeeze(1);
                    var (s, t, y) = (student.index_select(0, index), teacher.index_select(0, index), target.index_select(0, index));
                    var ofStudent = mse_loss(s, y, nn.Reduction.None).sum(1);
                    var isOff = ofStudent.detach() + Margin <= mse_loss(t, y, nn.Reduction.None).sum(1);
                    return (smooth_l1_loss(s, y, nn.Reduction.Sum) + 0.5 * ofStudent.masked_fill(isOff, 0).sum())
                        / (double)index.numel();
                }),
            ],
            Expected = () => TeacherBoundedOracle.Compute(
                Doubles.Of(student), Doubles.Of(teacher), Doubles.Of(target), 4, Margin, OracleReduction.BatchMean, 0.5,
                smoothL1: true, foreground: [.. Doubles.Of(foreground).Select(f => (long)f)]).Loss,
            ForwardBytes = 3 * BenchCase.Bytes(student),
            TotalBytes = 4 * BenchCase.Bytes(student),
            IsQuick = boxes == 2048,
        };
    }
}
