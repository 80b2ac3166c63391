using KdKernels.Distillation.Recipes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>A network's optimiser with its learning-rate schedule and its saved state.</summary>
internal sealed class Optimizer : IDisposable
{
    private readonly OptimizerHelper inner;
    private readonly SolverRecipe solver;
    private readonly IReadOnlyList<Parameter> parameters;

    /// <param name="parameters">What trains, in an order that does not depend on chance: saved states follow it.</param>
    /// <param name="undecayed">Those among them that weight decay leaves alone.</param>
    /// <param name="solver">Method, rates, schedule.</param>
    public Optimizer(
        IReadOnlyList<Parameter> parameters, IReadOnlyList<Parameter> undecayed, SolverRecipe solver)
    {
        this.solver = solver;
        this.parameters = parameters;
        Parameter[] decayed = [.. parameters.Where(parameter => !undecayed.Contains(parameter))];
        inner = solver.Optimizer switch
        {
            OptimizerKind.Sgd => optim.SGD(
                Groups<SGD.ParamGroup>(new() { Parameters = decayed }, new(undecayed, new SGD.Options { weight_decay = 0 })),
                solver.LearningRate,
                momentum: solver.Momentum,
                weight_decay: solver.WeightDecay,
                nesterov: solver.Nesterov),
            OptimizerKind.Adam => optim.Adam(
                Groups<Adam.ParamGroup>(new() { Parameters = decayed }, new(undecayed, new Adam.Options { weight_decay = 0 })),
                solver.LearningRate,
                weight_decay: solver.WeightDecay),
            OptimizerKind.Adamw => optim.AdamW(
                Groups<AdamW.ParamGroup>(new() { Parameters = decayed }, new(undecayed, new AdamW.Options { weight_decay = 0 })),
                solver.LearningRate,
                weight_decay: solver.WeightDecay),
            OptimizerKind.Rmsprop => optim.RMSProp(
                Groups<RMSProp.ParamGroup>(new() { Parameters = decayed }, new(undecayed, new RMSProp.Options { weight_decay = 0 })),
                solver.LearningRate,
                weight_decay: solver.WeightDecay,
                momentum: solver.Momentum),
            _ => throw new InvalidOperationException($"unknown optimiser {solver.Optimizer}"),
        };

        T[] Groups<T>(T first, T second) => undecayed.Count == 0 ? [first] : [first, second];
    }

    /// <summary>Backward, clipping and one step at the schedule's learning rate, which is returned.</summary>
    /// <param name="loss">A scalar.</param>
    /// <param name="epoch">Epochs done, fractional.</param>
    /// <param name="stepLength">One step in epochs.</param>
    public double Minimise(Tensor loss, double epoch, double stepLength)
    {
        double rate = solver.LearningRate * solver.Schedule.Factor(epoch, solver.Epochs, stepLength);
        foreach (optim.ILearningRateController group in inner.ParamGroups)
        {
            group.LearningRate = rate;
        }

        // Not zeroed: 0 + (-0) is 0, so that a resumed run, which has no gradients yet, would get other zeros in its
        // momenta.
        foreach (Parameter parameter in parameters)
        {
            parameter.grad = null;
        }

        loss.backward();
        if (solver.ClipNorm > 0)
        {
            nn.utils.clip_grad_norm_(parameters, solver.ClipNorm);
        }

        inner.step();
        return rate;
    }

    /// <summary>Momenta and step counts, in TorchSharp's format.</summary>
    public byte[] Save()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        inner.save_state_dict(writer);
        writer.Flush();
        return stream.ToArray();
    }

    public void Load(ReadOnlyMemory<byte> state)
    {
        using var reader = new BinaryReader(new MemoryStream(state.ToArray(), writable: false));
        inner.load_state_dict(reader);
    }

    public void Dispose() => inner.Dispose();
}
