using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>The loss of one batch, ready for backward, and what was read along with it.</summary>
/// <param name="Loss">Differentiable scalar.</param>
/// <param name="Terms">Its value and parts.</param>
/// <param name="Hits">Items that are right.</param>
/// <param name="Agreements">Items where student and teacher agree; null where the teacher's output was not needed, or is
/// of other classes.</param>
/// <param name="Temperature">Of the first method that has one.</param>
/// <param name="Alpha">Likewise.</param>
/// <param name="Output">The network's.</param>
/// <param name="TeacherOutput">Null where it was not needed.</param>
internal sealed record BatchLoss(
    Tensor Loss,
    LossTerms Terms,
    long Hits,
    long? Agreements,
    double? Temperature,
    double? Alpha,
    Tensor Output,
    Tensor? TeacherOutput);

/// <summary>What one training minimises.</summary>
internal abstract class Objective : IDisposable
{
    /// <summary>What trains besides the network, and what else belongs into checkpoints.</summary>
    public abstract nn.Module Parts { get; }

    public virtual IReadOnlyList<Parameter> Undecayed => [];

    /// <summary>True where the network itself does not learn and stays in evaluation mode.</summary>
    public virtual bool Frozen => false;

    /// <param name="batch">On the device.</param>
    /// <param name="epoch">Epochs done, fractional.</param>
    /// <param name="step">Steps done in this training.</param>
    public abstract BatchLoss Of(Batch batch, double epoch, long step);

    /// <summary>After the optimiser's step on what <see cref="Of"/> gave last.</summary>
    public virtual void StepDone()
    {
    }

    /// <summary>What there is to say about the network after its last epoch, by name.</summary>
    public virtual IReadOnlyDictionary<string, double> Figures() => new Dictionary<string, double>(StringComparer.Ordinal);

    public abstract void Dispose();

    /// <summary>Each look at a value of a GPU waits for it, so that all are fetched together.</summary>
    protected static double[] Read(IEnumerable<Tensor> scalars)
    {
        using var scope = NewDisposeScope();
        Tensor[] wide = [.. scalars.Select(scalar => scalar.detach().to(ScalarType.Float64))];
        return stack(wide).cpu().data<double>().ToArray();
    }
}

/// <summary>Modules under their owners' names, as one.</summary>
internal sealed class PartsModule : nn.Module
{
    public PartsModule()
        : base(nameof(PartsModule))
    {
    }

    public void Add(string name, nn.Module part) => register_module(name, part);
}
