using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>Decodes a kernel and, in place of each call, the function that it calls.</summary>
internal sealed class KernelDecoder
{
    /// <summary>Where shared memory starts; not 0, so that a null pointer is out of bounds.</summary>
    public const ulong SharedBase = 0x400;

    private const int MaxDepth = 16;

    private readonly ModuleSyntax module;
    private readonly FunctionSyntax entry;
    private readonly Registers registers = new();
    private readonly List<Operation> operations = [];
    private readonly List<(Branch Branch, LabelSymbol Label)> branches = [];
    private readonly Dictionary<int, string> names = [];
    private readonly Dictionary<string, VariableSymbol> moduleVariables = new(StringComparer.Ordinal);
    private readonly List<(Scope Scope, string Name)> dynamicArrays = [];
    private int sharedBytes;
    private int localBytes;

    private KernelDecoder(ModuleSyntax module, FunctionSyntax entry)
    {
        this.module = module;
        this.entry = entry;
    }

    public static KernelCode Decode(ModuleSyntax module, FunctionSyntax entry, IReadOnlyList<PtxParameter> parameters)
    {
        var decoder = new KernelDecoder(module, entry);
        var scope = new Scope(null, decoder.registers);
        // Dynamic arrays begin behind all others, wherever those are declared.
        decoder.sharedBytes = StaticSharedBytes(module, entry);
        int at = 0;
        foreach (VariableItem variable in module.Variables)
            scope.Declare(variable.Name, decoder.Shared(variable, ref at));
        foreach (PtxParameter parameter in parameters)
            scope.Declare(parameter.Name, new ParameterSymbol(parameter.Offset, parameter.Bytes));
        decoder.sharedAt = at;
        decoder.Body(entry.Body, new Scope(scope, decoder.registers), end: null, depth: 0);
        return decoder.Finish();
    }

    private int sharedAt;

    private static int StaticSharedBytes(ModuleSyntax module, FunctionSyntax entry)
    {
        int bytes = 0;
        foreach (VariableItem variable in module.Variables.Concat(Variables(entry.Body)))
        {
            if (variable.Space == StateSpace.Shared && !variable.Extern)
                bytes = AlignUp(bytes, variable.Align) + variable.Bytes;
        }

        return bytes;
    }

    private static IEnumerable<VariableItem> Variables(List<Item> items)
    {
        foreach (Item item in items)
        {
            if (item is VariableItem variable)
            {
                yield return variable;
            }
            else if (item is ScopeItem scope)
            {
                foreach (VariableItem inner in Variables(scope.Items))
                    yield return inner;
            }
        }
    }

    private VariableSymbol Shared(VariableItem variable, ref int at)
    {
        if (variable.Extern)
        {
            return new VariableSymbol(StateSpace.Shared,
                SharedBase + (ulong)AlignUp(sharedBytes, Math.Max(16, variable.Align)), 0);
        }

        at = AlignUp(at, variable.Align);
        var symbol = new VariableSymbol(StateSpace.Shared, SharedBase + (ulong)at, variable.Bytes);
        at += variable.Bytes;
        return symbol;
    }

    private VariableSymbol Local(VariableItem variable)
    {
        localBytes = AlignUp(localBytes, variable.Align);
        var symbol = new VariableSymbol(StateSpace.Local, LocalMemory.Base + (ulong)localBytes, variable.Bytes);
        localBytes += variable.Bytes;
        return symbol;
    }

    private void Body(List<Item> items, Scope scope, LabelSymbol? end, int depth)
    {
        foreach (Item item in items)
            Located(item, () => Declare(item, scope));
        foreach (Item item in items)
        {
            switch (item)
            {
                case ScopeItem inner:
                    Body(inner.Items, new Scope(scope, registers), end, depth);
                    break;
                case LabelItem label:
                    ((LabelSymbol)scope.Find(label.Name)!).Index = operations.Count;
                    break;
                case InstructionItem instruction:
                    Located(instruction, () => Instruction(instruction, scope, end, depth));
                    break;
            }
        }
    }

    // Labels and variables of a scope hold for all of it; a branch may come before its label.
    private void Declare(Item item, Scope scope)
    {
        switch (item)
        {
            case RegisterItem register:
                scope.Declare(register);
                break;
            case LabelItem label:
                scope.Declare(label.Name, new LabelSymbol(label.Name));
                break;
            case VariableItem variable:
                scope.Declare(variable.Name,
                    variable.Space == StateSpace.Shared ? Shared(variable, ref sharedAt) : Local(variable));
                break;
        }
    }

    private void Instruction(InstructionItem item, Scope scope, LabelSymbol? end, int depth)
    {
        if (item.Opcode[0] == "call")
        {
            Call(item, scope, depth);
            return;
        }

        if (end is not null && item.Opcode[0] == "ret")
        {
            Add(new Branch(uniform: false) { Class = InstructionClass.Branch }, item, scope, end);
            return;
        }

        var binder = new OperandBinder(scope, registers, item.Operands);
        var decoder = new InstructionDecoder(binder, new Modifiers(item.Opcode), module.Target);
        Operation operation = decoder.Decode();
        Add(operation, item, scope, decoder.BranchTarget);
    }

    private void Add(Operation operation, InstructionItem item, Scope scope, LabelSymbol? target)
    {
        operation.Line = item.Line;
        operation.Text = item.Text;
        operation.Form = item.Form;
        operation.Index = operations.Count;
        if (item.Guard is { } guard)
        {
            if (scope.Find(guard) is not RegisterSymbol { Register.Type: PtxType.Pred } predicate)
                throw OperandBinder.Error($"expected a predicate but got '{guard}'");
            operation.Guard = predicate.Register.Offset;
            operation.GuardFlip = item.GuardNegated ? uint.MaxValue : 0;
        }

        if (target is not null)
            branches.Add(((Branch)operation, target));
        operations.Add(operation);
        Name(item, scope);
    }

    private void Name(InstructionItem item, Scope scope)
    {
        foreach (Operand operand in item.Operands.SelectMany(o => o is VectorOperand v ? v.Items : [o]))
        {
            string? name = operand switch
            {
                NameOperand named => named.Name,
                AddressOperand address => address.Base,
                _ => null,
            };
            if (name is not null && scope.Find(name) is RegisterSymbol symbol)
                names[symbol.Register.Number] = symbol.Name;
        }

        if (item.Guard is not null && scope.Find(item.Guard) is RegisterSymbol guard)
            names[guard.Register.Number] = guard.Name;
    }

    /// <summary>
    /// call (results), name, (arguments): the function's body with its parameters bound to the caller's.
    /// </summary>
    private void Call(InstructionItem item, Scope scope, int depth)
    {
        if (depth >= MaxDepth)
            throw OperandBinder.Error("expected no recursion");
        if (item.Guard is not null)
            throw OperandBinder.Error("expected a call without a predicate");
        Operand[] operands = item.Operands;
        ListOperand? results = operands[0] as ListOperand;
        int next = results is null ? 0 : 1;
        string name = operands[next] is NameOperand target ? target.Name : throw OperandBinder.Error("expected a name");
        FunctionSyntax function = module.Functions.Find(f => f.Name == name && f.Body.Count > 0)
            ?? throw OperandBinder.Error($"expected a function of this module but got '{name}'");
        ListOperand? arguments = next + 1 < operands.Length ? operands[next + 1] as ListOperand : null;
        var parameters = new Scope(null, registers);
        Bind(function.Results, results, scope, parameters);
        Bind(function.Parameters, arguments, scope, parameters);
        var end = new LabelSymbol("end of " + name);
        Body(function.Body, new Scope(parameters, registers), end, depth + 1);
        end.Index = operations.Count;
        // A label needs something to stand before, also at the end of the kernel.
        Add(new Nothing(), item, scope, target: null);
    }

    private static void Bind(List<VariableItem> formal, ListOperand? actual, Scope caller, Scope callee)
    {
        if ((actual?.Items.Length ?? 0) != formal.Count)
            throw OperandBinder.Error($"expected {formal.Count} arguments but got {actual?.Items.Length ?? 0}");
        for (int i = 0; i < formal.Count; i++)
        {
            if (actual!.Items[i] is not NameOperand name || caller.Find(name.Name) is not VariableSymbol variable
                || variable.Bytes != formal[i].Bytes)
            {
                throw OperandBinder.Error($"expected a .param of {formal[i].Bytes} bytes for '{formal[i].Name}'");
            }

            callee.Declare(formal[i].Name, variable);
        }
    }

    private KernelCode Finish()
    {
        // Falling off the end is a return.
        operations.Add(new Exit { Class = InstructionClass.Branch, Index = operations.Count, Text = "}" });
        foreach ((Branch branch, LabelSymbol label) in branches)
            branch.Target = label.Index;
        Operation[] code = [.. operations];
        ControlFlow.SetReconvergence(code);
        var written = new uint[registers.Size / Registers.Granule];
        written[0] = uint.MaxValue;
        foreach (Register register in registers.Constants.Values.Concat(registers.Specials.Values))
            written[register.Number] = uint.MaxValue;
        return new KernelCode
        {
            Operations = code,
            Registers = registers,
            RegisterNames = names,
            InitiallyWritten = written,
            LocalBytes = AlignUp(localBytes, 16),
            SharedBytes = sharedBytes,
        };
    }

    private void Located(Item item, Action action)
    {
        try
        {
            action();
        }
        catch (PtxException e) when (e.Line == 0)
        {
            throw new PtxException(e.Error, e.Message, entry.Name, item.Line,
                item is InstructionItem instruction ? instruction.Text : "");
        }
    }

    private static int AlignUp(int value, int align) => (value + align - 1) / align * align;
}
