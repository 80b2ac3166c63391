using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>Parameters that share their options.</summary>
public class ParamGroup : ILearningRateController
{
    /// <summary>The parameters.</summary>
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    /// <summary>The options; null until the group joins an optimiser, where none are given.</summary>
    public OptimizerOptions Options { get; set; } = null!;

    /// <summary>The rate of the next step.</summary>
    public double LearningRate
    {
        get => Options.LearningRate!.Value;
        set => Options.LearningRate = value;
    }

    /// <summary>The rate that the group started with.</summary>
    public double InitialLearningRate
    {
        get => Options.InitialLearningRate;
        set => Options.InitialLearningRate = value;
    }
}

/// <summary>Parameters that share options of a given type.</summary>
public class ParamGroup<TOptions> : ParamGroup
    where TOptions : OptimizerOptions
{
    /// <summary>An empty group.</summary>
    public ParamGroup()
    {
    }

    /// <summary>A group; without options, the optimiser's own.</summary>
    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options!;
    }

    /// <summary>The options.</summary>
    public new TOptions Options
    {
        get => (TOptions)base.Options;
        set => base.Options = value;
    }
}

/// <summary>What every optimiser has; an open value is filled from the optimiser's own when a group joins it.</summary>
public class OptimizerOptions
{
    /// <summary>The rate of the next step.</summary>
    public double? LearningRate { get; set; }

    /// <summary>The rate that the group started with.</summary>
    public double InitialLearningRate { get; set; }

    /// <summary>Writes the initial and the current rate.</summary>
    public virtual void SaveStateDict(BinaryWriter writer)
    {
        writer.Write(InitialLearningRate);
        writer.Write(LearningRate!.Value);
    }

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote.</summary>
    public virtual void LoadStateDict(BinaryReader reader)
    {
        InitialLearningRate = reader.ReadDouble();
        LearningRate = reader.ReadDouble();
    }

    /// <summary>Takes the values of other options over.</summary>
    public virtual void LoadStateDict(OptimizerOptions source)
    {
        InitialLearningRate = source.InitialLearningRate;
        LearningRate = source.LearningRate;
    }
}
