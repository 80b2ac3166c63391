using System.Text;
using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Tests;

/// <summary>What the library would launch for every measured case, asked without a GPU.</summary>
public sealed class PlanTests
{
    private const string H200 = "132,60,90";
    private static readonly Lazy<PlanDocument> Planned = new(() => PlanCommand.Make(op: null, allVariants: true, H200));

    private static readonly Dictionary<string, PtxKernel> Kernels = PtxLibrary.Embedded.Manifest.Stems
        .SelectMany(stem => stem.Kernels).ToDictionary(kernel => kernel.Entry, StringComparer.Ordinal);

    private static IEnumerable<(string Name, PlanCase Case, PlanMode Mode)> Modes =>
        from one in Planned.Value.Cases
        from mode in one.Modes
        select ($"{one.Op} [{string.Join(',', one.Shape)}] {one.Dtype} {one.Form} {mode.Mode}", one, mode);

    [Fact]
    public void Every_case_is_planned_and_the_librarys_own_choice_comes_first()
    {
        Assert.NotEmpty(Planned.Value.Cases);
        Assert.All(Modes, entry =>
        {
            PlanCandidate chosen = entry.Mode.Candidates[0];
            Assert.True(chosen is { Chosen: true, ResidentShare: 1 } && chosen.Launches.Count > 0, entry.Name);
            Assert.DoesNotContain(entry.Mode.Candidates.Skip(1), other => other.Chosen);
        });
    }

    [Fact]
    public void No_case_is_there_twice_and_the_first_of_every_op_come_before_the_second()
    {
        IReadOnlyList<GpuCase> cases = GpuCases.Of();
        Assert.Equal(cases.Count, cases.Select(one => one.ToString()).Distinct().Count());
        int ops = cases.Select(one => one.Op).Distinct().Count();
        Assert.Equal(ops, cases.Take(ops).Select(one => one.Op).Distinct().Count());
    }

    [Fact]
    public void An_address_points_into_an_operand_of_its_case()
    {
        foreach (var (name, one, mode) in Modes)
        {
            var bytes = one.Inputs.Concat(mode.Outputs).ToDictionary(tensor => tensor.Name, BytesOf, StringComparer.Ordinal);
            Assert.All(mode.Candidates, candidate =>
            {
                bytes[PlanMemory.WorkspaceName] = candidate.WorkspaceBytes;
                Assert.All(candidate.Launches.SelectMany(launch => launch.Relocations), place =>
                    Assert.True(place.Offset >= 0 && place.Offset <= bytes[place.Tensor], $"{name}: {place}"));
            });
        }
    }

    [Fact]
    public void Every_array_that_a_kernel_gets_has_an_address_and_nothing_else_has()
    {
        foreach (var (name, _, mode) in Modes)
        {
            foreach (PlanLaunch launch in mode.Candidates.SelectMany(candidate => candidate.Launches))
            {
                byte[] argument = Convert.FromHexString(launch.Argument);
                PtxParameter parameter = Assert.Single(Kernels[launch.Entry].Parameters);
                Assert.Equal(parameter.Bytes, argument.Length);
                // An ArrayView is an address and a length, strides are three numbers; what is larger is a struct of such.
                int[] arrays =
                [
                    .. parameter.Fields
                        .Where(field => field.Bytes == 16 && BitConverter.ToInt64(argument, field.Offset + 8) != 0)
                        .Select(field => field.Offset),
                ];
                int[] relocated = [.. launch.Relocations.Select(place => place.At)];
                Assert.True(arrays.All(relocated.Contains), $"{name}, {launch.Kernel}: an array without an address");
                Assert.True(
                    relocated.All(at => parameter.Fields.Any(field => field.Bytes switch
                    {
                        16 => at == field.Offset,
                        > 24 => at >= field.Offset && at < field.Offset + field.Bytes,
                        _ => false,
                    })),
                    $"{name}, {launch.Kernel}: an address that is no array's");
                Assert.All(relocated, at => Assert.Equal(0L, BitConverter.ToInt64(argument, at)));
            }
        }
    }

    [Fact]
    public void Every_operand_is_handed_to_a_kernel()
    {
        foreach (var (name, one, mode) in Modes)
        {
            PlanCandidate chosen = mode.Candidates[0];
            string[] used = [.. chosen.Launches.SelectMany(launch => launch.Relocations).Select(place => place.Tensor)];
            Assert.All(mode.Outputs, output => Assert.True(used.Contains(output.Name), $"{name}: nothing writes {output.Name}"));
            if (mode.Mode == GpuMode.WithGradient)
            {
                Assert.All(
                    one.Inputs.Where(input => input.Name != "upstream"),
                    input => Assert.True(used.Contains(input.Name), $"{name}: nothing reads {input.Name}"));
            }
        }
    }

    [Fact]
    public void Two_plans_are_equal()
    {
        PlanDocument again = PlanCommand.Make(op: null, allVariants: true, H200);
        Assert.Equal(Encoding.UTF8.GetString(PlanCommand.ToJson(Planned.Value)), Encoding.UTF8.GetString(PlanCommand.ToJson(again)));
    }

    [Fact]
    public void Other_candidates_are_other_kernels_or_smaller_grids()
    {
        PlanMode mode = ModeOf("tempered-kl", "float32", GpuMode.WithGradient, 1024, 100);
        string[] kernels = [.. mode.Candidates.Select(candidate => candidate.Variant).Distinct()];
        Assert.Equal("TemperedKl/float32-warp-128", kernels[0]);
        Assert.Contains("TemperedKl/float32-warp-1024", kernels);
        Assert.Contains("TemperedKl/float32-general", kernels);
        // A split row has no gradient, and the pixels of an image are no rows of logits.
        Assert.DoesNotContain(kernels, kernel => kernel.EndsWith("split", StringComparison.Ordinal));
        Assert.DoesNotContain(kernels, kernel => kernel.EndsWith("pixels", StringComparison.Ordinal));
        Assert.All(mode.Candidates.GroupBy(candidate => candidate.Variant), grids =>
        {
            Assert.Equal(grids.Select(candidate => candidate.ResidentShare).OrderDescending(), grids.Select(candidate => candidate.ResidentShare));
            Assert.Equal(grids.Count(), grids.Select(candidate => candidate.Launches[^1].Grid).Distinct().Count());
        });
    }

    [Fact]
    public void A_launch_before_another_stays_when_that_one_is_replaced()
    {
        // More labels than blocks count for themselves.
        PlanDocument large = new(1, Planned.Value.Device, "", [new Planner(new DescribedDriver(DescribedGpu.H200)).Plan(Counted(), allVariants: true)]);
        IReadOnlyList<PlanCandidate> candidates = large.Cases[0].Modes[0].Candidates;
        Assert.True(candidates.Select(candidate => candidate.Variant).Distinct().Count() > 3);
        Assert.All(candidates, candidate =>
        {
            Assert.Equal(2, candidate.Launches.Count);
            Assert.Equal("TemperedKl/count", candidate.Launches[0].Kernel);
        });
    }

    [Theory]
    [InlineData("tempered-kl", "bfloat16", "forward", 2L * 8192 * 32000 * 2, "8192,32000")]
    [InlineData("tempered-kl", "bfloat16", "forward+gradient", 3L * 8192 * 32000 * 2, "8192,32000")]
    [InlineData("hinton-loss", "float32", "forward+gradient", 3L * 256 * 1000 * 4 + 256 * 8, "256,1000")]
    [InlineData("softmax-entropy", "float32", "forward", 8L * 21 * 512 * 512 * 4, "8,21,512,512")]
    [InlineData("softmax-entropy", "float32", "backward", 2L * 8 * 21 * 512 * 512 * 4, "8,21,512,512")]
    // Logits read once, tangents read and written.
    [InlineData("softmax-jvp", "float32", "forward", (256L * 1000 + 2 * 256L * 100 * 1000) * 4, "256,100,1000")]
    [InlineData("normalized-match", "bfloat16", "forward+gradient", 3L * 256 * 150528 * 2, "256,150528")]
    // Forward, then the primal's signs, the upstream gradient and the result.
    [InlineData("dual-relu", "float32", "forward+gradient", (2L * 4 + 1 + 2 * 4) * 64 * 16 * 32 * 32 * 4, "4,1048576")]
    [InlineData("soft-cross-entropy", "float32", "forward", (2L * 256 * 1000 + 1000) * 4, "256,1000")]
    // Student, teacher, target and gradient, and an int64 that says what is foreground.
    [InlineData("teacher-bounded", "float32", "forward+gradient", 4L * 2048 * 4 * 4 + 2048 * 8, "2048,4")]
    [InlineData("cosine-kl", "float32", "forward+gradient", 3L * (192 + 64) * 256 * 4, "192,64,256")]
    // More rows are drawn than the bank has: all of it, once.
    [InlineData("crd-contrast", "float32", "forward", 50000L * 128 * 4 + 64 * 16384 * 8 + 64 * 128 * 4, "64,16384,128,50000")]
    [InlineData("pixel-entropy", "float32", "backward", 2L * 256 * 3 * 224 * 224 * 4, "256,3,224,224")]
    public void The_least_traffic_is_every_input_once_and_every_output_once(
        string op, string dtype, string mode, long bytes, string shape) =>
        Assert.Equal(bytes, ModeOf(op, dtype, mode, [.. shape.Split(',').Select(long.Parse)]).BytesMin);

    [Fact]
    public void A_grid_follows_the_device()
    {
        PlanDocument small = PlanCommand.Make("tempered-kl", allVariants: false, "20,4,80");
        Assert.Equal((20, 4L << 20, 80), (small.Device.Multiprocessors, small.Device.L2Bytes, small.Device.Capability));
        PlanCase one = Assert.Single(small.Cases, one => one.Dtype == "bfloat16" && one.Shape.SequenceEqual([8192L, 128256]));
        int grid = one.Modes[1].Candidates[0].Launches[0].Grid;
        Assert.Equal(0, grid % 20);
        Assert.True(grid < ModeOf("tempered-kl", "bfloat16", GpuMode.WithGradient, 8192, 128256).Candidates[0].Launches[0].Grid);
    }

    [Theory]
    // 256 threads of 64 registers: 4 blocks fill 65536 registers.
    [InlineData(64, 256, 0, 4)]
    // 110 registers are allocated as 112: 18 warps' worth of each quarter, 16 of all after rounding to whole blocks.
    [InlineData(110, 512, 4480, 1)]
    // 64 warps are the most, however few registers they take.
    [InlineData(16, 1024, 0, 2)]
    // 100 KiB and the kilobyte that every block gives away: two of them in 228 KiB.
    [InlineData(32, 128, 100 * 1024, 2)]
    // 32 blocks are the most.
    [InlineData(16, 32, 0, 32)]
    public void Resident_blocks_are_what_CUDAs_occupancy_calculator_says(int registers, int threads, int shared, int blocks)
    {
        var report = new PtxasReport(registers, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        var kernel = new PtxKernel(
            "k", "block", KdElementType.Float32, "", "", "k", "sm_80", threads, 0, shared, [],
            new Dictionary<string, PtxasReport> { ["sm_90"] = report, ["sm_80"] = report with { Registers = 255 } });
        Assert.Equal(blocks, DescribedGpu.ResidentBlocks(kernel, 90, threads, sharedBytes: 0));
    }

    [Theory]
    [InlineData("132,60")]
    [InlineData("132,60,60")]
    [InlineData("0,60,90")]
    [InlineData("a,b,c")]
    public void A_device_of_other_numbers_is_refused(string text) =>
        Assert.Contains("132,60,90", Assert.Throws<ArgumentException>(() => DescribedGpu.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_unknown_op_is_answered_with_the_known_ones()
    {
        string message = Assert.Throws<ArgumentException>(() => PlanCommand.Make("tempered", allVariants: false, H200)).Message;
        Assert.All(Planned.Value.Cases, one => Assert.Contains(one.Op, message, StringComparison.Ordinal));
        Assert.Contains("'tempered'", message, StringComparison.Ordinal);
    }

    private static PlanMode ModeOf(string op, string dtype, string mode, params long[] shape) =>
        Assert.Single(
            Assert.Single(
                Planned.Value.Cases,
                one => one.Op == op && one.Dtype == dtype && one.Form.Length == 0 && one.Shape.SequenceEqual(shape)).Modes,
            one => one.Mode == mode);

    private static GpuCase Counted()
    {
        var logits = GpuTensor.Input("student", Draw.Normal(), KdElementType.Float32, 20000, 100);
        var teacher = GpuTensor.Input("teacher", Draw.Normal(), KdElementType.Float32, 20000, 100);
        var labels = GpuTensor.Input("labels", Draw.Integers(100), KdElementType.Int64, 20000);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        return new GpuCase("hinton-loss", KdElementType.Float32, [20000, 100])
        {
            Settings = [],
            Inputs = [logits, teacher, labels],
            Modes =
            [
                new(GpuMode.Forward, [loss], 0, memory => Core.HintonLoss.Forward(
                    memory.Logits(logits),
                    memory.Logits(teacher),
                    memory.PerRow(labels),
                    new HintonLossSettings(0.9, 4, KdReduction.BatchMean),
                    memory.Scalar(loss),
                    queue: memory.Queue)),
            ],
        };
    }

    private static long BytesOf(PlanTensor tensor) =>
        tensor.Shape.Aggregate(1L, (product, size) => product * size) * tensor.Dtype switch
        {
            "float32" => 4,
            "float16" or "bfloat16" => 2,
            "bool" => 1,
            _ => 8,
        };
}
