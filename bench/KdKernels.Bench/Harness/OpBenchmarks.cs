using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace KdKernels.Bench.Harness;

/// <summary>
/// An op's cases for BenchmarkDotNet: allocations and distributions rather than paired ratios. The set-up compares every form with
/// the oracle. Forward and backward are timed.
/// </summary>
[MemoryDiagnoser, Config(typeof(TrafficConfig))]
public abstract class OpBenchmarks
{
    private Action _fused = null!;
    private Action _fastest = null!;
    private Action _plain = null!;
    private TorchSharp.DisposeScope? _scope;

    /// <summary>The shape of the case that runs.</summary>
    [ParamsSource(nameof(Shapes))]
    public string Shape { get; set; } = "";

    public IEnumerable<string> Shapes
    {
        get
        {
            using var scope = NewDisposeScope();
            return [.. Cases().Select(benchCase => benchCase.Shape)];
        }
    }

    internal abstract IEnumerable<BenchCase> Cases();

    [GlobalSetup]
    public void SetUp()
    {
        _scope = NewDisposeScope();
        var benchCase = Cases().First(candidate => candidate.Shape == Shape);
        benchCase.RequireSameValue();
        var forms = benchCase.Composed.Select(form => new Contender(form.Name, benchCase.ForwardBackward(form.Run))).ToArray();
        _fused = benchCase.ForwardBackward(benchCase.Fused);
        _plain = forms[0].Run;
        _fastest = forms.MinBy(form => AlternatingTimer.Measure([form], rounds: 3, TimeSpan.FromMilliseconds(5)).Median(form.Name))!.Run;
        TrafficColumn.Bytes[(OwnType(), Shape)] = benchCase.TotalBytes;
    }

    // What runs is a class that BenchmarkDotNet derives from ours; its summary names ours.
    private Type OwnType()
    {
        var type = GetType();
        while (type.Assembly != typeof(OpBenchmarks).Assembly) type = type.BaseType!;
        return type;
    }

    [GlobalCleanup]
    public void CleanUp() => _scope?.Dispose();

    [Benchmark]
    public void Fused() => _fused();

    [Benchmark]
    public void FastestComposed() => _fastest();

    [Benchmark(Baseline = true)]
    public void PlainComposed() => _plain();
}
