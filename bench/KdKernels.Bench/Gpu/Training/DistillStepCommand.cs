using System.Diagnostics;
using KdKernels.Core;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Gpu.Training;

/// <summary>
/// <c>KdKernels.Bench distill-step</c>: time of a training step with the library's loss and with composed operations,
/// alternating, after both gave the same losses.
/// </summary>
internal static class DistillStepCommand
{
    private const double Temperature = 4;
    private const double Alpha = 0.9;
    private const int ComparedSteps = 10;
    private const int Rounds = 9;

    // Rounding differs and training amplifies it: a wrong gradient is off by more than this after two steps.
    private const double LargestDifference = 1e-3;

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200);

    /// <param name="device">cpu or cuda:N.</param>
    /// <returns>0 where the losses agree.</returns>
    public static int Run(string device)
    {
        Device where;
        try
        {
            where = TrainingDevice.Find(device, needsKernels: true);
        }
        catch (DeviceException e)
        {
            Console.Error.WriteLine(e.Message);
            return 4;
        }

        int batch = where.type == DeviceType.CUDA ? 256 : 16;
        using var ours = new DistillStep(where, batch, (student, teacher, labels) =>
            KdFunctional.HintonLoss(student, teacher, labels, Temperature, Alpha, KdReduction.BatchMean).Loss);
        using var composed = new DistillStep(where, batch, (student, teacher, labels) =>
            HintonLossComposed.Loss(student, teacher, labels, Temperature, Alpha, KdReduction.BatchMean));
        bool equal = HaveEqualLosses(ours, composed);
        var (oursUs, composedUs) = Time(ours, composed, where);
        Console.WriteLine(
            $"distill-step [{batch},3,32,32] to {DistillStep.Classes} classes on {device}: kernels {oursUs:F1} us, "
            + $"composed {composedUs:F1} us, {composedUs / oursUs:F3} x; losses {(equal ? "agree" : "DIFFER")}");
        return equal ? 0 : 1;
    }

    private static bool HaveEqualLosses(DistillStep ours, DistillStep composed)
    {
        bool equal = true;
        for (int step = 1; step <= ComparedSteps; step++)
        {
            using Tensor first = ours.Run();
            using Tensor second = composed.Run();
            double a = first.item<float>();
            double b = second.item<float>();
            double off = Math.Abs(a - b) / Math.Abs(b);
            Console.WriteLine($"step {step}: kernels {a:G8}, composed {b:G8}, relative difference {off:G2}");
            // Not "off > limit": NaN must not pass.
            equal &= off <= LargestDifference;
        }
        return equal;
    }

    private static (double Ours, double Composed) Time(DistillStep ours, DistillStep composed, Device where)
    {
        DistillStep[] both = [ours, composed];
        List<double>[] times = [[], []];
        int steps = (int)Math.Clamp(Turn.TotalMicroseconds / Microseconds(ours, 3, where), 2, 500);
        for (int round = 0; round < Rounds; round++)
        {
            // Every second round runs backwards, so that nobody always follows the same neighbour.
            foreach (int index in round % 2 == 0 ? new[] { 0, 1 } : [1, 0])
                times[index].Add(Microseconds(both[index], steps, where));
        }
        return (Median(times[0]), Median(times[1]));
    }

    private static double Microseconds(DistillStep what, int steps, Device where)
    {
        Synchronize(where);
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++) what.Run().Dispose();
        Synchronize(where);
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / steps;
    }

    private static void Synchronize(Device where)
    {
        if (where.type == DeviceType.CUDA) cuda.synchronize();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
