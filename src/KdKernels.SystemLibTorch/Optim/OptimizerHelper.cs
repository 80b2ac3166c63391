using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What the optimisers share: their groups, their states and how both are saved.</summary>
/// <remarks>
/// A saved state is: the optimiser's type name as a string, the numbers of groups and of parameters in LEB128, the options of every
/// group, the state of every parameter. It says nothing about which parameter is which: load it into an optimiser made alike.
/// </remarks>
public abstract class OptimizerHelper : Optimizer
{
    /// <summary>The options of groups that have none of their own.</summary>
    protected OptimizerOptions _defaults = null!;

    /// <summary>The states by the parameters' handles.</summary>
    protected OrderedDict<IntPtr, OptimizerState> _state = new();

    /// <summary>Writes options and states to a file.</summary>
    public void save_state_dict(string location)
    {
        using FileStream stream = File.Create(location);
        using var writer = new BinaryWriter(stream);
        save_state_dict(writer);
    }

    /// <summary>Reads options and states from a file.</summary>
    public void load_state_dict(string location)
    {
        using FileStream stream = File.OpenRead(location);
        using var reader = new BinaryReader(stream);
        load_state_dict(reader);
    }

    /// <summary>Writes options and states.</summary>
    public void save_state_dict(BinaryWriter writer)
    {
        StateDictionary state = state_dict();
        writer.Write(GetType().Name);
        Leb128.Write(writer, state.Options.Count);
        Leb128.Write(writer, state.State.Count);
        foreach (OptimizerOptions options in state.Options) options.SaveStateDict(writer);
        foreach (OptimizerState parameter in state.State) parameter.SaveStateDict(writer);
    }

    /// <summary>Reads options and states.</summary>
    /// <exception cref="InvalidDataException">They are of another optimiser.</exception>
    /// <exception cref="ArgumentException">The numbers of groups or parameters differ.</exception>
    public void load_state_dict(BinaryReader reader)
    {
        string name = reader.ReadString();
        if (!string.Equals(name, GetType().Name, StringComparison.Ordinal))
        {
            throw new InvalidDataException(
                $"Mismatched optimizer type: expected '{GetType().Name}', but found '{name}' in the loaded stream.");
        }
        StateDictionary own = state_dict();
        CheckCounts(own, Leb128.Read(reader), Leb128.Read(reader));
        foreach (OptimizerOptions options in own.Options) options.LoadStateDict(reader);
        using var noGrad = no_grad();
        foreach (OptimizerState parameter in own.State) parameter.LoadStateDict(reader);
    }

    /// <summary>Copies options and states of another optimiser of the same kind.</summary>
    /// <exception cref="ArgumentException">The numbers of groups or parameters differ.</exception>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        StateDictionary own = this.state_dict();
        CheckCounts(own, state_dict.Options.Count, state_dict.State.Count);
        for (int i = 0; i < own.Options.Count; i++)
        {
            if (own.Options[i] != state_dict.Options[i]) own.Options[i].LoadStateDict(state_dict.Options[i]);
        }
        using var noGrad = no_grad();
        for (int i = 0; i < own.State.Count; i++)
        {
            if (own.State[i] != state_dict.State[i]) own.State[i].LoadStateDict(state_dict.State[i]);
        }
    }

    /// <summary>The options and states: the objects themselves, not copies.</summary>
    public virtual StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        foreach (ParamGroup group in _parameter_groups)
        {
            dictionary.Options.Add(group.Options);
            var positions = new List<int>();
            dictionary.StateIndexRef.Add(positions);
            foreach (Parameter parameter in group.Parameters)
            {
                positions.Add(dictionary.State.Count);
                dictionary.State.Add(_state[parameter.Handle]);
            }
        }
        return dictionary;
    }

    /// <summary>Moves the states to a device.</summary>
    public void to(Device device)
    {
        foreach (var (_, state) in _state) state.to(device);
    }

    /// <inheritdoc/>
    public override void zero_grad()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor[] grads = parameters().Select(parameter => parameter.grad).OfType<Tensor>().ToArray();
        if (grads.Length > 0) Foreach.Zero(grads);
    }

    /// <summary>Runs the closure with gradients, then changes each group without.</summary>
    protected Tensor? _step<T>(Action<T> body, Func<Tensor>? loss_closure = null)
        where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using var recording = enable_grad();
            loss = loss_closure();
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (ParamGroup group in _parameter_groups) body((T)group);
        return loss;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing) return;
        foreach (var (_, state) in _state) (state as IDisposable)?.Dispose();
        _state.Clear();
    }

    /// <summary>Joins a group whose options are complete.</summary>
    private protected void Join(ParamGroup group, Func<Parameter, OptimizerState> newState)
    {
        // Enumerated at every step, so a lazy sequence must not be walked again and again.
        if (group.Parameters is not ICollection<Parameter>) group.Parameters = group.Parameters.ToList();
        group.Options.InitialLearningRate = group.Options.LearningRate!.Value;
        _parameter_groups.Add(group);
        foreach (Parameter parameter in group.Parameters)
        {
            OptimizerState state = newState(parameter);
            _state[parameter.Handle] = state;
            state.Initialize(group.Options);
        }
    }

    /// <summary>The parameters of a group that have a gradient, with gradients and states in the same order.</summary>
    private protected (Tensor[] Parameters, Tensor[] Grads, TState[] States) Active<TState>(ParamGroup group)
        where TState : OptimizerState
    {
        var parameters = new List<Tensor>();
        var grads = new List<Tensor>();
        var states = new List<TState>();
        foreach (Parameter parameter in group.Parameters)
        {
            if (parameter.grad is not { } grad) continue;
            parameters.Add(parameter);
            grads.Add(grad);
            states.Add((TState)_state[parameter.Handle]);
        }
        return ([.. parameters], [.. grads], [.. states]);
    }

    private static void CheckCounts(StateDictionary own, long groups, long states)
    {
        if (groups != own.Options.Count)
        {
            throw new ArgumentException(
                $"Invalid optimizer state -- different number of parameter groups: expected {own.Options.Count} but got {groups}.");
        }
        if (states != own.State.Count)
        {
            throw new ArgumentException(
                $"Invalid optimizer state -- different number of states: expected {own.State.Count} but got {states}.");
        }
    }
}
