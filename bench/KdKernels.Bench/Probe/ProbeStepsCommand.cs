using System.Globalization;
using KdKernels.Analysis.Probe;
using KdKernels.Bench.Harness;
using KdKernels.Core;
using KdKernels.Distillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Probe;

/// <summary>
/// <c>KdKernels.Bench probe</c>: a step of the entropy probe with our kernels and with composed operations, in turn; and the whole
/// probe over numbers of images and of checkpoints.
/// </summary>
internal static class ProbeStepsCommand
{
    private const int Classes = 10;

    public static int Run(BenchOptions options)
    {
        set_num_threads(options.Threads);
        KdCpu.Threads = options.Threads;
        Console.WriteLine($"{options.Threads} threads, medians of up to {options.Rounds} alternating rounds");
        Console.WriteLine($"{"images x copies, size, cells",-32} {"part",-20} {"ms",9} {"steps/s",9} {"composed / fused",17}");
        foreach ((int images, int size, int cells, int samples) in new[] { (4, 32, 8, 24), (1, 32, 16, 96), (1, 224, 16, 96) })
        {
            Step(images, size, cells, samples, null, "noise and entropy", options);
            if (size == 32)
            {
                using nn.Module<Tensor, Tensor> network = Network();
                Step(images, size, cells, samples, network, "with vgg-small", options);
            }
        }

        Console.WriteLine();
        Console.WriteLine("whole probe, vgg-small, fc1, 8x8 cells, 24 copies, 10 steps: milliseconds per image and checkpoint");
        Whole([(4, 1), (8, 1), (16, 1), (32, 1), (8, 2), (8, 4)]);
        return 0;
    }

    private static void Step(
        int images, int size, int cells, int samples, nn.Module<Tensor, Tensor>? network, string part, BenchOptions options)
    {
        using var step = new ProbeStep(images, size, cells, samples, network);
        AlternatingTimer timer = AlternatingTimer.Measure(
            [new("fused", step.Fused), new("composed", step.Composed)], options.Rounds, options.Slice, options.Budget);
        double milliseconds = timer.Median("fused") / 1000;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{$"{images} x {samples}, {size}, {cells}",-32} {part,-20} {milliseconds,9:F2} {1000 / milliseconds,9:F1} {timer.Ratio("composed"),17:F2}"));
    }

    // In turn, so that they meet the same machine.
    private static void Whole((int Images, int Checkpoints)[] sizes)
    {
        nn.Module<Tensor, Tensor>[] networks = [.. Enumerable.Range(0, sizes.Max(size => size.Checkpoints)).Select(_ => Network())];
        using Tensor inputs = rand(sizes.Max(size => size.Images), 3, 32, 32);
        ProbeSettings settings = ProbeSettings.Reduced with { Steps = 10, ExtraSteps = 0, StopAtTarget = false };
        AlternatingTimer timer = AlternatingTimer.Measure(
            [.. sizes.Select(size => new Contender(Name(size), () => Probe(size.Images, size.Checkpoints)))],
            rounds: 5, TimeSpan.FromMilliseconds(1));
        foreach ((int images, int checkpoints) in sizes)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{images,4} images {checkpoints,3} checkpoints {timer.Median(Name((images, checkpoints))) / 1000 / images / checkpoints,9:F2}"));
        }

        Array.ForEach(networks, network => network.Dispose());

        void Probe(int images, int checkpoints)
        {
            using Tensor some = inputs.narrow(0, 0, images);
            foreach (nn.Module<Tensor, Tensor> network in networks.Take(checkpoints)) EntropyProbe.Run(network, "fc1", some, settings);
        }

        static string Name((int Images, int Checkpoints) size) =>
            string.Create(CultureInfo.InvariantCulture, $"{size.Images} x {size.Checkpoints}");
    }

    private static nn.Module<Tensor, Tensor> Network()
    {
        nn.Module<Tensor, Tensor> network = ModelRegistry.Create("vgg-small", Classes, 3, 32);
        foreach (Tensor parameter in network.parameters()) parameter.requires_grad_(false);
        network.eval();
        return network;
    }
}
